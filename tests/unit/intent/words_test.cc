#include <doctest/doctest.h>

#include <string>

#include "intent/verbs.h"
#include "intent/words.h"

namespace intentgate::intent {
namespace {

std::string Split(std::string_view text) {
  std::string out;
  for (const Word& word : SplitWords(text))
    out += (out.empty() ? "" : " ") + word.text + (word.starts_clause ? "^" : "");
  return out;
}

std::string Asked(std::string_view prompt) {
  const VerbTable table(DefaultVerbGroups());
  const std::vector<bool> groups = table.OfPrompt(SplitWords(prompt));
  std::string out;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (groups[g]) out += (out.empty() ? "" : " ") + table.name(g);
  }
  return out;
}

std::string Named(std::string_view name, std::string_view description = "") {
  const VerbTable table(DefaultVerbGroups());
  const std::vector<bool> groups = table.OfTool(SplitWords(name), SplitWords(description));
  std::string out;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (groups[g]) out += (out.empty() ? "" : " ") + table.name(g);
  }
  return out;
}

}  // namespace

TEST_CASE("names split at every convention") {
  CHECK(Split("read_file") == "read^ file");
  CHECK(Split("fs.readFile-v2") == "fs^ read^ file v 2");
  CHECK(Split("HTTPServerGet") == "http^ server get");
  CHECK(Split("Don\xe2\x80\x99t delete it, then stop") == "dont^ delete it then^ stop^");
  CHECK(Split("caf\xc3\xa9 au lait") == "caf\xc3\xa9^ au lait");
  CHECK(Split("") == "");
}

TEST_CASE("inflections of a word meet at one stem") {
  CHECK(Stem("deletes") == Stem("delete"));
  CHECK(Stem("deleting") == Stem("deleted"));
  CHECK(Stem("creates") == Stem("creating"));
  CHECK(Stem("copies") == Stem("copy"));
  CHECK(Stem("running") == Stem("run"));
  CHECK(Stem("files") == Stem("file"));
  CHECK(Stem("address") != Stem("addr"));
}

TEST_CASE("a prompt asks for an effect by a verb that is not negated") {
  CHECK(Asked("delete the old logs") == "delete");
  CHECK(Asked("do not delete anything") == "");
  CHECK(Asked("Don't ever delete the logs, send them") == "send");
  CHECK(Asked("without removing files") == "");
  CHECK(Asked("summarise the report") == "");
  CHECK(Asked("pay the invoice and email Ada") == "pay send");
}

TEST_CASE("words that are also nouns count only where a clause starts") {
  CHECK(Asked("read the last post") == "");
  CHECK(Asked("what is the order status") == "");
  CHECK(Asked("please post this") == "send");
  CHECK(Asked("Email the team") == "send");
  CHECK(Asked("I want you to update the record") == "write");
}

TEST_CASE("a tool shows its effect by its name or the first word of its description") {
  CHECK(Named("delete_file") == "delete");
  CHECK(Named("github_update_issue") == "write");
  CHECK(Named("get_order") == "");
  CHECK(Named("list_deleted_items") == "");
  CHECK(Named("search_and_replace") == "write");
  CHECK(Named("file_op", "Deletes the file") == "delete");
  CHECK(Named("order_status", "Returns the status") == "pay");
  CHECK(Named("translate_text") == "");
  CHECK(Named("delete_email") == "delete");
  CHECK(Named("run_sql_query") == "");
  CHECK(Named("account_close", "Closes the account") == "control");
  CHECK(Named("order_status", "Get the status") == "");
}

}  // namespace intentgate::intent
