/* The C API's part for operators and auditors, and what is set in code, called from C99. */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

#define S(literal) ig_cstr(literal)

static const char kPolicy[] =
    "package intentgate.policy\n"
    "decision := {\"allow\": input.tool in data.readers, \"reason\": \"not a reader\"}\n"
    "test_reader if decision.allow with input as {\"tool\": \"read_file\"}\n"
    "test_writer if decision.allow with input as {\"tool\": \"write_file\"}\n"
    "test_type if 1 + to_number(\"x\") == 2\n"
    "test_number := 1\n"
    "todo_test_later if false\n";

static void Has(ig_text* text, const char* part, int line) {
  if (strstr(ig_text_data(text), part) == NULL) {
    fprintf(stderr, "line %d: %s is not in %s\n", line, part, ig_text_data(text));
    ++failures;
  }
  ig_text_free(text);
}
/* Checks that the text holds the part, and frees the text. */
#define HAS(text, part) Has((text), (part), __LINE__)

static void TestPolicy(void) {
  ig_source source = {{0, 0}, {0, 0}};
  ig_policy *policy = NULL, *starved = NULL;
  ig_text* text = NULL;
  ig_error* error = NULL;
  ig_code code;
  source.name = S("p.rego");
  source.text = S(kPolicy);
  CHECK(ig_policy_compile_with(&source, 1, S("{\"data\": {\"readers\": [\"read_file\"]}}"), &policy, NULL) == IG_OK);
  CHECK(ig_policy_decide(policy, S("{\"tool\": \"read_file\"}"), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"steps\":") != NULL);
  HAS(text, "\"effect\":\"allow\"");
  CHECK(strlen(ig_policy_digest(policy)) == 64);
  CHECK_TEXT(ig_policy_digest(NULL), "");
  CHECK(ig_policy_rule_names(policy, &text, NULL) == IG_OK);
  HAS(text, "\"data.intentgate.policy.test_reader\"");

  CHECK(ig_policy_test(policy, S(""), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "{\"ok\":false,\"passed\":1,\"failed\":3,\"skipped\":1,") != NULL);
  CHECK(strstr(ig_text_data(text), "{\"name\":\"data.intentgate.policy.test_writer\",\"outcome\":\"fail\"}") != NULL);
  HAS(text, "{\"name\":\"data.intentgate.policy.todo_test_later\",\"outcome\":\"skip\"}");
  CHECK(ig_policy_test(policy, S("test_reader"), &text, NULL) == IG_OK);
  HAS(text, "{\"ok\":true,\"passed\":1,\"failed\":0,\"skipped\":0,");
  CHECK(ig_policy_test(policy, S("test_none"), &text, NULL) == IG_OK);
  HAS(text, "{\"ok\":false,\"passed\":0,\"failed\":0,\"skipped\":0,\"results\":[]}");

  CHECK(ig_policy_compile_with(&source, 1, S("{\"data\": {\"readers\": []}, \"max_steps\": 1}"), &starved, NULL) == IG_OK);
  CHECK(ig_policy_decide(starved, S("{\"tool\": \"read_file\"}"), &text, NULL) == IG_OK);
  HAS(text, "\"failure\":\"policy_limit\"");
  CHECK(ig_policy_test(starved, S("test_reader"), &text, NULL) == IG_OK);
  HAS(text, "eval_limit_error");
  code = ig_policy_compile_with(&source, 1, S("{\"max_steps\": 0}"), &starved, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "max_steps must be at least 1", __LINE__);
  error = NULL;
  code = ig_policy_compile_with(&source, 1, S("{\"data\": []}"), &starved, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "data must be an object", __LINE__);
  CHECK(ig_policy_test(NULL, S(""), &text, NULL) == IG_INVALID_ARGUMENT);
  ig_policy_free(starved);
  ig_policy_free(policy);
}

static void TestTokens(const ig_keys* keys) {
  ig_check_options options = IG_CHECK_OPTIONS_INIT;
  ig_text* text = NULL;
  ig_error* error = NULL;
  ig_code code;
  char *json, *token;
  CHECK_TEXT(ig_keys_active_id(keys), "k1");
  CHECK_TEXT(ig_keys_active_id(NULL), "");
  CHECK(ig_keys_ids(keys, &text, NULL) == IG_OK);
  HAS(text, "[\"k1\"]");
  CHECK(ig_mint(keys, S("{\"subject\": \"a\", \"audience\": \"gw\", \"caveats\": [{\"t\": \"mcp_allow\", \"servers\": [\"files\"]}]}"), &text,
                NULL) == IG_OK);
  json = Take(text);
  token = Member(json, "token");
  CHECK(ig_is_genuine(S(token), keys, S("gw"), NULL) == IG_OK);
  code = ig_is_genuine(S(token), keys, S("other"), &error);
  CHECK_TEXT(ig_error_reason(error), "capability.token_wrong_audience");
  CheckError(code, IG_REFUSED, error, "", __LINE__);

  options.audience = S("gw");
  options.server = S("files");
  CHECK(ig_check_with(S(token), keys, S("read_file"), S("{}"), &options, NULL) == IG_OK);
  options.server = S("mail");
  error = NULL;
  code = ig_check_with(S(token), keys, S("read_file"), S("{}"), &options, &error);
  CheckError(code, IG_REFUSED, error, "mail", __LINE__);
  CHECK(ig_explain_with(S(token), keys, S("read_file"), S("{}"), &options, &text, NULL) == IG_OK);
  HAS(text, "\"allowed\":false");
  CHECK(ig_check_with(S(token), keys, S("read_file"), S("{}"), NULL, NULL) == IG_REFUSED);
  options.audience = S("other");
  CHECK(ig_explain_with(S(token), keys, S("read_file"), S("{}"), &options, &text, NULL) == IG_REFUSED);
  options.struct_size = 4;
  error = NULL;
  code = ig_check_with(S(token), keys, S("read_file"), S("{}"), &options, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "struct_size", __LINE__);
  free(token);
  free(json);
}

static const char kGatePolicy[] =
    "package intentgate.policy\n"
    "decision := {\"allow\": false, \"escalate\": true, \"reason\": \"ask\"} if input.args.path == \"/data/secret\"\n"
    "else := {\"allow\": true}\n";

/* A gate that signs, keeps argument values and can prune, with its keys, policy and a variable from code. */
static ig_gate* OpenGate(const ig_keys* keys, const char* yaml) {
  ig_gate_options options = IG_GATE_OPTIONS_INIT;
  ig_source policy = {{0, 0}, {0, 0}}, variable = {{0, 0}, {0, 0}};
  ig_gate* gate = NULL;
  ig_error* error = NULL;
  ig_code code;
  policy.name = S("p.rego");
  policy.text = S(kGatePolicy);
  variable.name = S("INTENTGATE_AUDIT_PERSIST_ARG_VALUES");
  variable.text = S("raw");
  options.keys = keys;
  options.policy = &policy;
  options.policy_count = 1;
  options.variables = &variable;
  options.variable_count = 1;
  code = ig_gate_open_with(S(yaml), S(""), &options, &gate, &error);
  if (code != IG_OK) {
    fprintf(stderr, "%s\n", ig_error_message(error));
    exit(1);
  }
  code = ig_gate_open_with(S("keys: {file: k}\n"), S(""), &options, &gate, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "keys", __LINE__);
  options.policy = NULL;
  error = NULL;
  code = ig_gate_open_with(S(yaml), S(""), &options, &gate, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "options.policy is NULL", __LINE__);
  options.struct_size = 8;
  CHECK(ig_gate_open_with(S(yaml), S(""), &options, &gate, NULL) == IG_INVALID_ARGUMENT);
  return gate;
}

static void TestInfo(ig_gate* gate, const char* token) {
  const ig_str tools[3] = {{"write_file", 10}, {"read_file", 9}, {"delete_file", 11}};
  ig_decision* decision = NULL;
  ig_text* text = NULL;
  ig_error* error = NULL;
  ig_code code;
  CHECK(ig_gate_visible_tools(gate, S(token), S(""), tools, 3, &text, NULL) == IG_OK);
  HAS(text, "[\"read_file\"]");
  CHECK(ig_gate_visible_tools(gate, S("rubbish"), S(""), tools, 3, &text, NULL) == IG_OK);
  CHECK_TEXT(ig_text_data(text), "[]");
  ig_text_free(text);
  CHECK(ig_gate_visible_tools(gate, S(token), S(""), NULL, 1, &text, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_check_token(gate, S(token), &decision, NULL) == IG_OK && ig_decision_allowed(decision));
  CHECK_TEXT(ig_decision_rule(decision), "");
  ig_decision_free(decision);
  CHECK(ig_gate_check_token(gate, S("rubbish"), &decision, NULL) == IG_OK && !ig_decision_allowed(decision));
  CHECK_TEXT(ig_decision_code(decision), "capability.token_malformed");
  ig_decision_free(decision);
  decision = Ask(gate, token, "write_file");
  CHECK_TEXT(ig_decision_code(decision), "capability.tool_not_allowed");
  CHECK(strstr(ig_decision_rule(decision), "(tool_allow)") != NULL);
  CHECK_TEXT(ig_decision_rule(NULL), "");
  ig_decision_free(decision);

  CHECK(ig_gate_set_tools(gate, S("[{\"name\": \"read_file\", \"description\": \"reads\", \"parameters\": [\"path\"]}]"), NULL) == IG_OK);
  code = ig_gate_set_tools(gate, S("[{\"description\": \"reads\"}]"), &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "a tool has no name", __LINE__);
  error = NULL;
  code = ig_gate_set_tools(gate, S("[{\"name\": \"x\", \"parameters\": [1]}]"), &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "parameters must be an array of strings", __LINE__);
  CHECK(ig_gate_health(gate, &text, NULL) == IG_OK);
  HAS(text, "{\"ready\":true,\"problem\":\"\"}");
  CHECK(ig_gate_describe(gate, &text, NULL) == IG_OK);
  HAS(text, "memory");
}

static void TestApprovals(ig_gate* gate, const char* token) {
  ig_call call = IG_CALL_INIT;
  ig_decision* decision = NULL;
  ig_text* text = NULL;
  ig_error* error = NULL;
  ig_code code;
  ig_str id;
  call.token = S(token);
  call.tool = S("read_file");
  call.arguments_json = S("{\"path\": \"/data/secret\"}");
  CHECK(ig_gate_authorize(gate, &call, &decision, NULL) == IG_OK);
  CHECK_TEXT(ig_decision_verdict(decision), "escalate");
  id = S(ig_decision_approval_id(decision));
  CHECK(ig_gate_find_approvals(gate, S("{\"agent_id\": \"agent-7\", \"state\": \"pending\"}"), S(""), 10, &text, NULL) == IG_OK);
  HAS(text, ig_decision_approval_id(decision));
  CHECK(ig_gate_find_approvals(gate, S("{\"agent_id\": \"agent-8\"}"), S(""), 10, &text, NULL) == IG_OK);
  HAS(text, "{\"approvals\":[],\"next\":\"\"}");
  code = ig_gate_find_approvals(gate, S("{\"state\": \"open\"}"), S(""), 10, &text, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "state must be", __LINE__);
  CHECK(ig_gate_decide_approval_claimed(gate, S(""), id, 0, S("no"), S("Ann"), S("portal"), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"state\":\"rejected\"") != NULL);
  HAS(text, "\"claimed_by\":\"Ann\"");
  CHECK(ig_gate_decide_approval_claimed(gate, S(""), id, 1, S(""), S("Bob"), S("portal"), &text, NULL) == IG_CONFLICT);
  ig_decision_free(decision);
}

static const char kMine[] = "{\"tenant\": \"default\", \"agent_id\": \"agent-7\"}";

/* Whether the argument's value is still to be read. */
static int ShowsValue(ig_gate* gate) {
  ig_text* text = NULL;
  int shows;
  CHECK(ig_gate_query_audit(gate, S(kMine), S(""), 100, &text, NULL) == IG_OK);
  shows = strstr(ig_text_data(text), "/data/a") != NULL;
  ig_text_free(text);
  return shows;
}

static void TestErasure(ig_gate* gate, const char* token) {
  ig_text* text = NULL;
  ig_error* error = NULL;
  ig_code code;
  ig_decision_free(Ask(gate, token, "read_file"));
  CHECK(ShowsValue(gate));
  CHECK(ig_gate_place_hold(gate, S("{\"id\": \"case-1\", \"reason\": \"lawsuit\", \"from_micros\": 5}"), S("counsel"), NULL) == IG_OK);
  CHECK(ig_gate_place_hold(gate, S("{\"id\": \"case-1\", \"reason\": \"twice\"}"), S("counsel"), NULL) == IG_ALREADY_EXISTS);
  code = ig_gate_place_hold(gate, S("{\"name\": \"case-1\"}"), S("counsel"), &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "no member \"name\"", __LINE__);
  CHECK(ig_gate_holds(gate, S(""), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"placed_by\":\"counsel\"") != NULL && strstr(ig_text_data(text), "to_micros") == NULL);
  HAS(text, "\"from_micros\":5");
  error = NULL;
  code = ig_gate_erase_values(gate, S(kMine), S("GDPR 17"), 0, S("dpo"), &text, &error);
  CheckError(code, IG_CONFLICT, error, "case-1", __LINE__);
  CHECK(ShowsValue(gate));
  CHECK(ig_gate_lift_hold(gate, S("default"), S("case-2"), S("settled"), S("counsel"), NULL) == IG_NOT_FOUND);
  CHECK(ig_gate_lift_hold(gate, S("default"), S("case-1"), S("settled"), S("counsel"), NULL) == IG_OK);
  CHECK(ig_gate_holds(gate, S("default"), &text, NULL) == IG_OK);
  HAS(text, "[]");

  CHECK(ig_gate_erase_values(gate, S(""), S("all"), 0, S("dpo"), &text, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_erase_values(gate, S(kMine), S("GDPR 17"), 2, S("dpo"), &text, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_erase_values(gate, S(kMine), S("GDPR 17"), 1, S("dpo"), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"values\":0") == NULL);
  HAS(text, "\"events\":");
  CHECK(ShowsValue(gate));
  CHECK(ig_gate_erase_values(gate, S(kMine), S("GDPR 17"), 0, S("dpo"), &text, NULL) == IG_OK);
  ig_text_free(text);
  CHECK(!ShowsValue(gate));
  CHECK(ig_gate_verify_audit(gate, S("default"), &text, NULL) == IG_OK);
  HAS(text, "\"ok\":true");
}

typedef struct {
  char bytes[1 << 21];
  size_t size, read;
} Bundle;

static int Keep(void* context, const char* data, size_t size) {
  Bundle* bundle = context;
  if (size >= sizeof bundle->bytes - bundle->size) return 1;
  memcpy(bundle->bytes + bundle->size, data, size);
  bundle->size += size;
  bundle->bytes[bundle->size] = '\0';
  return 0;
}

static int64_t ReadBack(void* context, char* out, size_t size) {
  Bundle* bundle = context;
  const size_t left = bundle->size - bundle->read;
  const size_t piece = left < size ? left : size;
  memcpy(out, bundle->bytes + bundle->read, piece);
  bundle->read += piece;
  return (int64_t)piece;
}

static Bundle bundle;

static void TestExport(ig_gate* gate) {
  bundle.size = 0;
  CHECK(ig_gate_export_events(gate, S("{\"tool\": \"admin/erase\"}"), S("ocsf"), Keep, &bundle, NULL) == IG_OK);
  CHECK(strstr(bundle.bytes, "admin/erase") != NULL && strstr(bundle.bytes, "read_file") == NULL);
  CHECK(ig_gate_export_events(gate, S(""), S("pdf"), Keep, &bundle, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_export_events(gate, S(""), S("csv"), NULL, NULL, NULL) == IG_INVALID_ARGUMENT);
}

/* Escapes the newlines of a note or proof for a JSON string. */
static void Quote(char* out, size_t size, const char* text) {
  size_t n = 0;
  for (; *text != '\0' && n + 2 < size; ++text) {
    if (*text == '\n') out[n++] = '\\';
    out[n++] = (char)(*text == '\n' ? 'n' : *text);
  }
  out[n] = '\0';
}

static void TestBundles(ig_gate* gate, const char* key) {
  char trust[512], wrong[64] = "{\"keys\": [\"rubbish\"]}";
  ig_text* text = NULL;
  ig_error* error = NULL;
  ig_code code;
  snprintf(trust, sizeof trust, "{\"keys\": [\"%s\"]}", key);
  bundle.size = bundle.read = 0;
  CHECK(ig_gate_write_bundle_with(gate, S("default"), S("{\"tool\": \"read_file\"}"), S(""), Keep, &bundle, NULL) == IG_OK);
  CHECK(ig_verify_bundle_with(ReadBack, &bundle, S(trust), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"verdict\":\"intact\"") != NULL && strstr(ig_text_data(text), "\"complete\":false") != NULL);
  HAS(text, "\"filtered\":true");
  code = ig_gate_write_bundle_with(gate, S("default"), S(""), S("{\"witnesed\": true}"), Keep, &bundle, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "no member \"witnesed\"", __LINE__);
  bundle.read = 0;
  CHECK(ig_verify_bundle_with(ReadBack, &bundle, S(wrong), &text, NULL) == IG_MALFORMED);
  error = NULL;
  code = ig_verify_bundle_with(ReadBack, &bundle, S("{\"keys\": \"k\"}"), &text, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "keys must be an array of strings", __LINE__);
}

static void TestProofs(ig_gate* gate, const char* key, const char* event_id) {
  char trust[512];
  ig_text* text = NULL;
  char *json, *escaped, *hash;
  ig_str proof;
  size_t i, n = 0;
  snprintf(trust, sizeof trust, "{\"keys\": [\"%s\"]}", key);
  CHECK(ig_gate_prove_event(gate, S("default"), S(event_id), &text, NULL) == IG_OK);
  json = Take(text);
  escaped = Member(json, "proof");
  hash = Member(json, "hash");
  CHECK(escaped != NULL && hash != NULL);
  for (i = 0; escaped[i] != '\0'; ++i) {
    escaped[n++] = (char)(escaped[i] == '\\' && escaped[i + 1] == 'n' ? '\n' : escaped[i]);
    if (escaped[n - 1] == '\n') ++i;
  }
  proof.data = escaped;
  proof.size = n;
  CHECK(ig_verify_proof(proof, S(hash), S(trust), &text, NULL) == IG_OK);
  HAS(text, "\"verdict\":\"intact\"");
  CHECK(ig_verify_proof(proof, S("rubbish"), S(trust), &text, NULL) == IG_INVALID_ARGUMENT);
  hash[0] = hash[0] == '0' ? '1' : '0';
  CHECK(ig_verify_proof(proof, S(hash), S(trust), &text, NULL) == IG_OK);
  HAS(text, "\"verdict\":\"tampered\"");
  free(hash);
  free(escaped);
  free(json);
}

static void TestFreshness(ig_gate* gate, const char* tiles) {
  ig_text* text = NULL;
  struct stat found;
  char path[128];
  CHECK(ig_gate_freshness(gate, S("default"), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"signing\":true") != NULL && strstr(ig_text_data(text), "\"checkpoint\":{") != NULL);
  HAS(text, "\"ok\":true");
  CHECK(ig_gate_verify_evidence(gate, S("default"), 0, &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"covered\":0") == NULL);
  HAS(text, "\"ok\":true");
  CHECK(ig_gate_verify_evidence(gate, S("default"), 1, &text, NULL) == IG_OK);
  HAS(text, "\"ok\":true");
  CHECK(ig_gate_verify_evidence(gate, S("default"), 2, &text, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_write_tiles(gate, S("default"), S(tiles), &text, NULL) == IG_OK);
  HAS(text, "\"root_hex\":");
  snprintf(path, sizeof path, "%s/checkpoint", tiles);
  CHECK(stat(path, &found) == 0 && found.st_size > 0);
  CHECK(ig_gate_write_tiles(gate, S("nobody"), S(tiles), &text, NULL) == IG_NOT_FOUND);
  CHECK(ig_gate_write_tiles(gate, S("default"), S(""), &text, NULL) == IG_INVALID_ARGUMENT);
}

static void TestPruning(ig_gate* gate, const char* token) {
  ig_text* text = NULL;
  char *json, *archive;
  struct stat found;
  int i;
  for (i = 0; i < 260; ++i) ig_decision_free(Ask(gate, token, "read_file"));
  CHECK(ig_gate_make_checkpoint(gate, S("default"), &text, NULL) == IG_OK);
  ig_text_free(text);
  CHECK(ig_gate_prune(gate, S("default"), INT64_MAX, S("old"), 1, S("ops"), &text, NULL) == IG_OK);
  HAS(text, "{\"first_seq\":0,\"next_first_seq\":256,\"resumed\":false,\"archive\":\"\"");
  CHECK(ig_gate_place_hold(gate, S("{\"id\": \"case-3\", \"reason\": \"lawsuit\"}"), S("counsel"), NULL) == IG_OK);
  CHECK(ig_gate_prune(gate, S("default"), INT64_MAX, S("old"), 0, S("ops"), &text, NULL) == IG_CONFLICT);
  CHECK(ig_gate_lift_hold(gate, S("default"), S("case-3"), S("settled"), S("counsel"), NULL) == IG_OK);
  CHECK(ig_gate_prune(gate, S("default"), INT64_MAX, S("old"), 0, S("ops"), &text, NULL) == IG_OK);
  json = Take(text);
  archive = Member(json, "archive");
  CHECK(strstr(json, "\"next_first_seq\":256") != NULL && archive != NULL && stat(archive, &found) == 0);
  free(archive);
  free(json);
  CHECK(ig_gate_verify_audit(gate, S("default"), &text, NULL) == IG_OK);
  HAS(text, "\"ok\":true");
}

/* The signing key's file in the folder; answers the verifier key. */
static char* MakeSigningKey(const char* path) {
  ig_text *text = NULL, *again = NULL;
  ig_error* error = NULL;
  ig_code code;
  struct stat found;
  CHECK(ig_make_signing_key(S(path), S("acme"), &text, NULL) == IG_OK);
  CHECK(stat(path, &found) == 0 && (found.st_mode & 0777) == 0600);
  code = ig_make_signing_key(S(path), S("acme"), NULL, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "verifier_key is NULL", __LINE__);
  CHECK(ig_make_signing_key(S(""), S("acme"), &text, NULL) == IG_INVALID_ARGUMENT);
  error = NULL;
  code = ig_make_signing_key(S(path), S("acme"), &again, &error);
  CheckError(code, IG_IO, error, path, __LINE__);
  CHECK(again == NULL);
  return Take(text);
}

/* `folder` is empty and absolute. */
static void TestGate(const ig_keys* keys, const char* folder) {
  char yaml[1024], path[256], key_path[256], note[4096], trust[8192];
  ig_text* text = NULL;
  ig_decision* decision;
  char *token = MintReader(keys), *key;
  ig_gate* gate;
  snprintf(key_path, sizeof key_path, "%s/signing.key", folder);
  key = MakeSigningKey(key_path);
  snprintf(path, sizeof path, "%s/archive", folder);
  CHECK(mkdir(path, 0700) == 0);
  snprintf(yaml, sizeof yaml,
           "store: {kind: memory}\n"
           "audit: {signing: {key_file: %s, deployment: acme}, retention: {archive_directory: %s}}\n",
           key_path, path);
  gate = OpenGate(keys, yaml);
  TestInfo(gate, token);
  TestApprovals(gate, token);
  TestErasure(gate, token);
  TestExport(gate);
  decision = Ask(gate, token, "read_file");
  CHECK(ig_gate_make_checkpoint(gate, S("default"), &text, NULL) == IG_OK);
  ig_text_free(text);
  CHECK(ig_gate_sign_receipt(gate, decision, &text, NULL) == IG_OK);
  Quote(note, sizeof note, ig_text_data(text));
  ig_text_free(text);
  snprintf(trust, sizeof trust, "{\"keys\": [\"%s\"], \"receipts\": [\"%s\"]}", key, note);
  bundle.size = bundle.read = 0;
  CHECK(ig_gate_write_bundle_with(gate, S("default"), S(""), S("{\"include_values\": true}"), Keep, &bundle, NULL) == IG_OK);
  CHECK(ig_verify_bundle_with(ReadBack, &bundle, S(trust), &text, NULL) == IG_OK);
  HAS(text, "\"verdict\":\"intact\"");
  TestBundles(gate, key);
  TestProofs(gate, key, ig_decision_event_id(decision));
  snprintf(path, sizeof path, "%s/tiles", folder);
  TestFreshness(gate, path);
  ig_decision_free(decision);
  TestPruning(gate, token);
  CHECK(ig_gate_close(gate) == IG_OK);
  free(key);
  free(token);
}

static int Remove(const char* path, const struct stat* about, int kind, struct FTW* place) {
  (void)about, (void)kind, (void)place;
  return remove(path);
}

int main(void) {
  char here[512], folder[600];
  char* line = NULL;
  ig_keys* keys = MakeKeys(&line);
  if (getcwd(here, sizeof here) == NULL) abort();
  snprintf(folder, sizeof folder, "%s/capi_operator_XXXXXX", here);
  if (mkdtemp(folder) == NULL) abort();
  TestPolicy();
  TestTokens(keys);
  TestGate(keys, folder);
  CHECK(nftw(folder, Remove, 16, FTW_DEPTH | FTW_PHYS) == 0);
  ig_keys_free(keys);
  free(line);
  if (failures == 0) puts("all checks of the C API's operator part hold");
  return failures != 0;
}
