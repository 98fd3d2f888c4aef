#include "intent/synonyms.h"

#include <unordered_map>

#include "intent/words.h"

namespace intentgate::intent {
namespace {

using Table = std::unordered_map<std::string, std::vector<std::string>>;

// A word stands in one group only, or the groups would run together.
Table MakeTable() {
  const std::vector<std::vector<std::string>> groups = {
      {"show", "display", "view", "read", "get", "fetch", "retrieve", "see", "print", "cat"},
      {"find", "search", "lookup", "query", "locate", "look", "grep"},
      {"list", "enumerate", "ls"},
      {"delete", "remove", "erase", "purge", "drop", "destroy", "wipe", "unlink"},
      {"create", "make", "new", "add", "generate", "mkdir"},
      {"write", "save", "store", "put"},
      {"update", "edit", "modify", "change", "set", "adjust", "replace"},
      {"move", "rename"},
      {"send", "notify"},
      {"email", "mail", "inbox"},
      {"message", "chat", "dm"},
      {"pay", "payment", "transfer", "money", "fund", "wire"},
      {"cancel", "abort", "revoke"},
      {"execute", "run", "exec", "command", "shell"},
      {"directory", "folder", "dir"},
      {"file", "document", "doc"},
      {"picture", "image", "photo", "png", "jpg"},
      {"weather", "forecast", "temperature", "rain"},
      {"ticket", "issue", "bug"},
      {"meeting", "event", "appointment", "calendar"},
      {"customer", "client"},
      {"repo", "repository"},
      {"pull", "pr"},
      {"invoice", "bill", "receipt"},
      {"web", "internet", "online", "website"},
      {"url", "https", "http", "link", "page"},
      {"fly", "flight", "plane"},
      {"database", "db", "sql", "table"},
      {"size", "big", "large"},
      {"time", "clock", "hour"},
      {"price", "cost", "quote"},
  };
  // Endings of file names speak of files; a file is not of one ending.
  const std::vector<std::string> endings = {"txt", "md",   "csv",  "json", "yaml", "pdf", "log", "html",
                                            "xml", "docx", "xlsx", "py",   "tar",  "zip", "gz"};
  Table table;
  for (const std::string& ending : endings)
    table.emplace(Stem(ending), std::vector<std::string>{Stem("file"), Stem("document")});
  for (const auto& group : groups) {
    std::vector<std::string> stems;
    for (const std::string& word : group) stems.push_back(Stem(word));
    for (const std::string& stem : stems) table.emplace(stem, stems);
  }
  return table;
}

}  // namespace

const std::vector<std::string>& SynonymsOf(const std::string& stem) {
  static const Table kTable = MakeTable();
  static const std::vector<std::string> kNone;
  const auto found = kTable.find(stem);
  return found == kTable.end() ? kNone : found->second;
}

}  // namespace intentgate::intent
