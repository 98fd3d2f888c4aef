#include "settings/yaml_tree.h"

#include <algorithm>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace intentgate::settings {
namespace {

YamlPlace PlaceOf(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Thrown by the builder and caught by ReadYaml, as the library's own errors are.
struct Refused {
  YamlProblem problem;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  YamlNode root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RefuseAnchor(mark, anchor);
    Place({.kind = YamlKind::kNull, .place = PlaceOf(mark)});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{{PlaceOf(mark), "aliases (*name) are not read here; write the value out"}};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    Place({.kind = YamlKind::kText, .place = PlaceOf(mark), .text = value});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlKind::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlKind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    YamlNode node;
    bool has_name = false;
    std::string name;
    YamlPlace name_place;
  };

  static void RefuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) throw Refused{{PlaceOf(mark), "anchors (&name) are not read here; write the value out"}};
  }
  static void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") throw Refused{{PlaceOf(mark), "tags (!name) are not read here"}};
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlKind kind) {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    levels_.push_back({.node = {.kind = kind, .place = PlaceOf(mark)}});
  }

  void Close() {
    YamlNode node = std::move(levels_.back().node);
    levels_.pop_back();
    Place(std::move(node));
  }

  void Place(YamlNode node) {
    if (levels_.empty()) {
      root = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.kind == YamlKind::kMap && !level.has_name) {
      TakeName(level, node);
      return;
    }
    node.name = std::move(level.name);
    node.name_place = level.name_place;
    level.has_name = false;
    level.node.children.push_back(std::move(node));
  }

  static void TakeName(Level& level, YamlNode& node) {
    if (node.kind != YamlKind::kText) throw Refused{{node.place, "a name must be plain text"}};
    const auto same = [&](const YamlNode& child) { return child.name == node.text; };
    if (std::any_of(level.node.children.begin(), level.node.children.end(), same)) {
      throw Refused{{node.place, "\"" + node.text + "\" is given twice; keep one"}};
    }
    level.has_name = true;
    level.name = std::move(node.text);
    level.name_place = node.place;
  }

  std::vector<Level> levels_;
};

}  // namespace

std::variant<YamlNode, YamlProblem> ReadYaml(std::string_view text) {
  if (text.size() > kMaxYamlBytes) {
    return YamlProblem{{}, "the file is larger than " + std::to_string(kMaxYamlBytes) + " bytes"};
  }
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder)) return YamlNode{};
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) return YamlProblem{second.root.place, "a second document; keep one"};
    return std::move(builder.root);
  } catch (const Refused& refused) {
    return refused.problem;
  } catch (const YAML::Exception& error) {
    return YamlProblem{PlaceOf(error.mark), "not YAML: " + error.msg};
  } catch (const std::exception&) {
    return YamlProblem{{}, "not YAML"};
  }
}

}  // namespace intentgate::settings
