/* The C API, called from C99. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "support.h"

static void TestTokens(const ig_keys* keys) {
  ig_text* text = NULL;
  ig_error* error = NULL;
  ig_code code;
  char* root = MintReader(keys);
  char* child;
  char* json;
  CHECK(ig_attenuate(ig_cstr(root), ig_cstr("{\"caveats\":[{\"t\":\"arg\",\"at\":\"/path\",\"is\":{\"subpath\":\"/data\"}}],\"expires_in\":60,\"label\":\"researcher\"}"),
                     &text, NULL) == IG_OK);
  child = Take(text);
  CHECK(ig_decode(ig_cstr(child), &text, NULL) == IG_OK);
  json = Take(text);
  CHECK(strstr(json, "researcher") != NULL);
  free(json);
  CHECK(ig_verify(ig_cstr(child), keys, ig_cstr(""), &text, NULL) == IG_OK);
  json = Take(text);
  CHECK(strstr(json, "agent-7") != NULL);
  free(json);

  CHECK(ig_check(ig_cstr(child), keys, ig_cstr("read_file"), ig_cstr("{\"path\":\"/data/a\"}"), ig_cstr(""), 0, NULL) == IG_OK);
  CHECK(ig_explain(ig_cstr(child), keys, ig_cstr("read_file"), ig_cstr("{\"path\":\"/data/a\"}"), ig_cstr(""), 0, &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"allowed\":true") != NULL);
  ig_text_free(text);
  CHECK(ig_explain(ig_cstr(child), keys, ig_cstr("read_file"), ig_cstr("{\"path\":\"/etc\"}"), ig_cstr(""), 0, &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"allowed\":false") != NULL);
  CHECK(strstr(ig_text_data(text), "capability.argument_refused") != NULL);
  ig_text_free(text);
  CHECK(ig_explain(ig_cstr("rubbish"), keys, ig_cstr("x"), ig_cstr(""), ig_cstr(""), 0, &text, NULL) == IG_REFUSED);
  code = ig_check(ig_cstr(child), keys, ig_cstr("read_file"), ig_cstr("{\"path\":\"/etc/passwd\"}"), ig_cstr(""), 0, &error);
  CHECK_TEXT(ig_error_reason(error), "capability.argument_refused");
  CHECK(ig_error_caveat(error) >= 1 && ig_error_hop(error) == 1);
  CheckError(code, IG_REFUSED, error, "/path", __LINE__);
  error = NULL;
  child[strlen(child) - 1] = child[strlen(child) - 1] == 'A' ? 'B' : 'A';
  code = ig_verify(ig_cstr(child), keys, ig_cstr(""), &text, &error);
  CheckError(code, IG_REFUSED, error, "", __LINE__);

  CHECK(ig_describe_caveat(ig_cstr("{\"t\":\"max_calls\",\"max_calls\":3}"), &text, NULL) == IG_OK);
  json = Take(text);
  CHECK(strstr(json, "3") != NULL);
  free(json);
  free(child);
  free(root);
}

static void TestBadInput(const ig_keys* keys) {
  ig_text* text = NULL;
  ig_keys* none = NULL;
  ig_error* error = NULL;
  ig_code code = ig_mint(keys, ig_cstr("{\"subject\":\"a\",\"tll\":5}"), &text, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "no member \"tll\"", __LINE__);
  error = NULL;
  code = ig_mint(keys, ig_cstr("{\"subject\":7}"), &text, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "subject must be a string", __LINE__);
  error = NULL;
  code = ig_mint(keys, ig_cstr("{\"subject\":\"a\",\"caveats\":[{\"t\":\"tool_allow\",\"tools\":[]}]}"), &text, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "", __LINE__);
  error = NULL;
  code = ig_mint(keys, ig_cstr("{"), &text, &error);
  CheckError(code, IG_MALFORMED, error, "the request", __LINE__);
  error = NULL;
  code = ig_mint(NULL, ig_cstr("{}"), &text, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "keys is NULL", __LINE__);
  error = NULL;
  code = ig_mint(keys, ig_cstr("{\"subject\":\"a\"}"), NULL, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "minted_json is NULL", __LINE__);
  error = NULL;
  code = ig_attenuate(ig_cstr("x"), ig_cstr("{}"), &text, &error);
  CHECK(code != IG_OK);
  ig_error_free(error);
  CHECK(text == NULL);
  CHECK(ig_keys_parse(ig_cstr(NULL), &none, NULL) != IG_OK);
  CHECK(ig_keys_from_master_key(ig_cstr("short"), &none, NULL) != IG_OK);
  CHECK(ig_keys_from_master_key(ig_cstr("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), &none, NULL) == IG_OK);
  ig_keys_free(none);
  ig_keys_free(NULL);
  ig_text_free(NULL);
  ig_error_free(NULL);
  CHECK_TEXT(ig_code_name(IG_OK), "ok");
  CHECK_TEXT(ig_code_name(IG_CONFLICT), "conflict");
  CHECK_TEXT(ig_code_name(IG_REFUSED), "refused");
  CHECK_TEXT(ig_code_name(77), "unknown");
  CHECK(ig_version()[0] != '\0');
}

static const char kPolicy[] =
    "package intentgate.policy\n"
    "import rego.v1\n"
    "default decision := {\"allow\": false, \"reason\": \"not a reader\"}\n"
    "decision := {\"allow\": true} if input.tool == \"read_file\"\n";

static ig_policy* CompilePolicy(void) {
  ig_source source;
  ig_policy* policy = NULL;
  ig_error* error = NULL;
  ig_code code;
  ig_text* text = NULL;
  char* json;
  source.name = ig_cstr("policy.rego");
  source.text = ig_cstr("package p\nallow if {");
  code = ig_policy_compile(&source, 1, &policy, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "policy.rego:2", __LINE__);
  source.text = ig_cstr(kPolicy);
  CHECK(ig_policy_compile(&source, 1, &policy, NULL) == IG_OK);
  CHECK(ig_policy_decide(policy, ig_cstr("{\"tool\":\"write_file\"}"), &text, NULL) == IG_OK);
  json = Take(text);
  CHECK(strstr(json, "\"effect\":\"block\"") != NULL && strstr(json, "not a reader") != NULL);
  free(json);
  CHECK(ig_policy_eval(policy, ig_cstr("data.intentgate.policy.decision.allow"), ig_cstr("{\"tool\":\"read_file\"}"), &text, NULL) == IG_OK);
  json = Take(text);
  CHECK_TEXT(json, "true");
  free(json);
  CHECK(ig_policy_eval(policy, ig_cstr("data.nothing"), ig_cstr(""), &text, NULL) == IG_NOT_FOUND);
  return policy;
}

/* A decision that another thread may bring. */
typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t arrived;
  ig_decision* decision;
} Answer;

static void OnDecision(void* context, ig_decision* decision) {
  Answer* answer = context;
  pthread_mutex_lock(&answer->mutex);
  answer->decision = decision;
  pthread_cond_signal(&answer->arrived);
  pthread_mutex_unlock(&answer->mutex);
}

static void TestAsync(ig_gate* gate) {
  Answer answer = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL};
  ig_call call = IG_CALL_INIT;
  call.tool = ig_cstr("read_file");
  CHECK(ig_gate_authorize_async(gate, &call, NULL, NULL, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_authorize_async(gate, &call, OnDecision, &answer, NULL) == IG_OK);
  pthread_mutex_lock(&answer.mutex);
  while (answer.decision == NULL) pthread_cond_wait(&answer.arrived, &answer.mutex);
  pthread_mutex_unlock(&answer.mutex);
  CHECK(!ig_decision_allowed(answer.decision));
  CHECK_TEXT(ig_decision_check(answer.decision), "capability");
  ig_decision_free(answer.decision);
}

static int Collect(void* context, const char* data, size_t size) {
  (void)data;
  *(size_t*)context += size;
  return 0;
}
static int Stop(void* context, const char* data, size_t size) {
  (void)context;
  (void)data;
  (void)size;
  return 1;
}

static void TestDecisions(ig_gate* gate, const char* token) {
  ig_call call = IG_CALL_INIT;
  ig_error* error = NULL;
  ig_code code;
  ig_text* text = NULL;
  char* json;
  ig_decision* decision = Ask(gate, token, "read_file");
  CHECK(ig_decision_allowed(decision));
  CHECK_TEXT(ig_decision_verdict(decision), "allow");
  CHECK(ig_decision_event_id(decision)[0] != '\0');
  CHECK(ig_gate_record_outcome(gate, decision, ig_cstr("success"), 12, NULL) == IG_OK);
  ig_decision_free(decision);

  decision = Ask(gate, token, "write_file");
  CHECK(!ig_decision_allowed(decision));
  CHECK_TEXT(ig_decision_code(decision), "capability.tool_not_allowed");
  CHECK(ig_decision_reason(decision)[0] != '\0');
  code = ig_gate_record_outcome(gate, decision, ig_cstr("success"), 0, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "only an allowed call", __LINE__);
  ig_decision_free(decision);

  call.tool = ig_cstr("read_file");
  call.token = ig_cstr(token);
  decision = NULL;
  CHECK(ig_gate_explain(gate, &call, &decision, NULL) == IG_OK);
  CHECK(ig_decision_json(decision, &text, NULL) == IG_OK);
  json = Take(text);
  CHECK(strstr(json, "\"trace\":[{\"check\":\"capability\",\"passed\":true") != NULL);
  free(json);
  ig_decision_free(decision);

  error = NULL;
  call.arguments_json = ig_cstr("[1]");
  code = ig_gate_authorize(gate, &call, &decision, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "arguments_json must be a JSON object", __LINE__);
  error = NULL;
  call.struct_size = 3;
  code = ig_gate_authorize(gate, &call, &decision, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "struct_size", __LINE__);
  CHECK(ig_gate_authorize(NULL, &call, &decision, NULL) == IG_INVALID_ARGUMENT);
  CHECK(!ig_decision_allowed(NULL));
  CHECK_TEXT(ig_decision_verdict(NULL), "block");
  CHECK(ig_gate_verify_audit(gate, ig_cstr("default"), &text, NULL) == IG_OK);
  ig_text_free(text);
}

/* What a wait for an approval brought, perhaps by another thread. */
typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t arrived;
  int told;
  ig_text* row;
  ig_error* error;
} Waited;

static void OnApproval(void* context, ig_text* approval_json, ig_error* error) {
  Waited* waited = context;
  pthread_mutex_lock(&waited->mutex);
  waited->told = 1;
  waited->row = approval_json;
  waited->error = error;
  pthread_cond_signal(&waited->arrived);
  pthread_mutex_unlock(&waited->mutex);
}

static void WaitUntilTold(Waited* waited) {
  pthread_mutex_lock(&waited->mutex);
  while (!waited->told) pthread_cond_wait(&waited->arrived, &waited->mutex);
  pthread_mutex_unlock(&waited->mutex);
}

static ig_decision* AskAgain(ig_gate* gate, const char* token, const char* id) {
  ig_call call = IG_CALL_INIT;
  ig_decision* decision = NULL;
  call.token = ig_cstr(token);
  call.tool = ig_cstr("read_file");
  call.arguments_json = ig_cstr("{\"path\":\"/data/a\"}");
  call.approval_id = ig_cstr(id);
  CHECK(ig_gate_authorize(gate, &call, &decision, NULL) == IG_OK);
  return decision;
}

static void EscalateAll(ig_gate* gate) {
  ig_source source;
  ig_policy* policy = NULL;
  source.name = ig_cstr("policy.rego");
  source.text = ig_cstr("package intentgate.policy\ndecision := {\"allow\": false, \"escalate\": true, \"reason\": \"ask\"}");
  CHECK(ig_policy_compile(&source, 1, &policy, NULL) == IG_OK);
  CHECK(ig_gate_set_policy(gate, policy, ig_cstr("tester"), NULL) == IG_OK);
  ig_policy_free(policy);
}

static void TestApprovals(ig_gate* gate, const char* token) {
  Waited waited = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, NULL, NULL};
  ig_error* error = NULL;
  ig_text* text = NULL;
  ig_code code;
  uint64_t wait = 0;
  char* json;
  char* id;
  ig_decision* decision;
  EscalateAll(gate);
  decision = Ask(gate, token, "read_file");
  CHECK_TEXT(ig_decision_verdict(decision), "escalate");
  CHECK_TEXT(ig_decision_approval_id(NULL), "");
  CHECK(ig_decision_json(decision, &text, NULL) == IG_OK);
  json = Take(text);
  id = Member(json, "approval_id");
  CHECK(id != NULL);
  CHECK_TEXT(ig_decision_approval_id(decision), id);
  free(json);
  ig_decision_free(decision);

  CHECK(ig_gate_approvals(gate, ig_cstr("default"), ig_cstr("pending"), ig_cstr(""), 10, &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), id) != NULL && strstr(ig_text_data(text), "\"next\":\"\"") != NULL);
  ig_text_free(text);
  CHECK(ig_gate_approvals(gate, ig_cstr(""), ig_cstr("used"), ig_cstr(""), 10, &text, NULL) == IG_OK);
  CHECK_TEXT(ig_text_data(text), "{\"approvals\":[],\"next\":\"\"}");
  ig_text_free(text);
  code = ig_gate_approvals(gate, ig_cstr(""), ig_cstr("timeout"), ig_cstr(""), 10, &text, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "state must be", __LINE__);
  CHECK(ig_gate_approval(gate, ig_cstr("other"), ig_cstr(id), &text, NULL) == IG_NOT_FOUND);
  CHECK(ig_gate_approval(gate, ig_cstr("default"), ig_cstr(id), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"arguments\":{\"path\":\"/data/a\"}") != NULL);
  ig_text_free(text);

  CHECK(ig_gate_wait_approval(gate, ig_cstr(""), ig_cstr(id), NULL, NULL, &wait, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_wait_approval(gate, ig_cstr(""), ig_cstr(id), OnApproval, NULL, &wait, NULL) == IG_OK && wait != 0);
  CHECK(ig_gate_cancel_approval_wait(gate, wait, NULL) == IG_OK);
  CHECK(ig_gate_wait_approval(gate, ig_cstr(""), ig_cstr(id), OnApproval, &waited, &wait, NULL) == IG_OK);
  CHECK(ig_gate_decide_approval(gate, ig_cstr(""), ig_cstr(id), 2, ig_cstr(""), ig_cstr("ann"), &text, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_decide_approval(gate, ig_cstr(""), ig_cstr(id), 1, ig_cstr("fine"), ig_cstr(""), &text, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_decide_approval(gate, ig_cstr(""), ig_cstr(id), 1, ig_cstr("fine"), ig_cstr("ann"), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"state\":\"approved\"") != NULL && strstr(ig_text_data(text), "\"decided_by\":\"ann\"") != NULL);
  ig_text_free(text);
  CHECK(ig_gate_decide_approval(gate, ig_cstr(""), ig_cstr(id), 0, ig_cstr(""), ig_cstr("bob"), &text, NULL) == IG_CONFLICT);
  WaitUntilTold(&waited);
  CHECK(waited.error == NULL && strstr(ig_text_data(waited.row), "\"state\":\"approved\"") != NULL);
  ig_text_free(waited.row);

  decision = AskAgain(gate, token, id);
  CHECK(ig_decision_allowed(decision));
  CHECK_TEXT(ig_decision_approval_id(decision), id);
  ig_decision_free(decision);
  decision = AskAgain(gate, token, id);
  CHECK_TEXT(ig_decision_code(decision), "policy.approval_used");
  ig_decision_free(decision);
  free(id);
}

static void TestGate(const ig_keys* keys, const char* key_file) {
  ig_gate* gate = NULL;
  ig_error* error = NULL;
  ig_policy* policy = CompilePolicy();
  char yaml[512];
  char* token = MintReader(keys);
  char* decoded;
  char* jti;
  ig_text* text = NULL;
  ig_decision* decision;
  size_t exported = 0;
  ig_code code = ig_gate_open(ig_cstr("stor: {kind: memory}\n"), ig_cstr("x.yaml"), &gate, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "stor", __LINE__);
  snprintf(yaml, sizeof yaml, "keys: {file: %s}\nstore: {kind: memory}\n", key_file);
  error = NULL;
  code = ig_gate_open(ig_cstr(yaml), ig_cstr(""), &gate, &error);
  if (code != IG_OK) fprintf(stderr, "%s\n", ig_error_message(error));
  CHECK(code == IG_OK);

  decision = Ask(gate, token, "read_file");
  CHECK_TEXT(ig_decision_code(decision), "policy.missing");
  ig_decision_free(decision);
  CHECK(ig_gate_set_policy(gate, policy, ig_cstr("tester"), NULL) == IG_OK);
  TestDecisions(gate, token);
  TestAsync(gate);
  TestApprovals(gate, token);
  decision = Ask(gate, token, "read_file");
  code = ig_gate_sign_receipt(gate, decision, &text, &error);
  CheckError(code, IG_UNAVAILABLE, error, "audit keygen", __LINE__);
  ig_decision_free(decision);
  CHECK(ig_gate_flush(gate, NULL) == IG_OK);

  CHECK(ig_decode(ig_cstr(token), &text, NULL) == IG_OK);
  decoded = Take(text);
  jti = Member(decoded, "jti");
  CHECK(jti != NULL && ig_gate_revoke(gate, ig_cstr(jti), ig_cstr(""), ig_cstr("test"), ig_cstr("tester"), NULL) == IG_OK);
  decision = Ask(gate, token, "read_file");
  CHECK_TEXT(ig_decision_code(decision), "capability.token_revoked");
  ig_decision_free(decision);

  CHECK(ig_gate_verify_audit(gate, ig_cstr("default"), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "\"ok\":true") != NULL);
  ig_text_free(text);
  CHECK(ig_gate_export_audit(gate, ig_cstr(""), ig_cstr("ndjson"), Collect, &exported, NULL) == IG_OK);
  CHECK(exported > 500);
  error = NULL;
  code = ig_gate_export_audit(gate, ig_cstr(""), ig_cstr("ndjson"), Stop, NULL, &error);
  CheckError(code, IG_CANCELLED, error, "the sink stopped", __LINE__);
  CHECK(ig_gate_export_audit(gate, ig_cstr(""), ig_cstr("pdf"), Collect, &exported, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_close(gate) == IG_OK);
  CHECK(ig_gate_close(NULL) == IG_OK);
  ig_policy_free(policy);
  free(jti);
  free(decoded);
  free(token);
}

typedef struct {
  char bytes[1 << 18];
  size_t size, read;
} Bundle;

static int Keep(void* context, const char* data, size_t size) {
  Bundle* bundle = context;
  if (size > sizeof bundle->bytes - bundle->size) return 1;
  memcpy(bundle->bytes + bundle->size, data, size);
  bundle->size += size;
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

static int64_t CannotRead(void* context, char* out, size_t size) {
  (void)context, (void)out, (void)size;
  return -1;
}

/* What the report of the bundle says under the key. */
static void CheckBundle(Bundle* bundle, const char* key, const char* verdict) {
  ig_text* report = NULL;
  const ig_str trusted = ig_cstr(key);
  bundle->read = 0;
  CHECK(ig_verify_bundle(ReadBack, bundle, &trusted, 1, &report, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(report), verdict) != NULL);
  ig_text_free(report);
}

/* The chain as an operator shows it to an auditor. */
static void TestEvidence(ig_gate* gate, const char* event_id) {
  static Bundle bundle;
  ig_text *text = NULL, *key = NULL;
  ig_error* error = NULL;
  ig_code code;
  size_t i;
  CHECK(ig_gate_latest_checkpoint(gate, ig_cstr("nobody"), &text, NULL) == IG_NOT_FOUND);
  CHECK(ig_gate_make_checkpoint(gate, ig_cstr("default"), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), "capi.example/audit/default") != NULL);
  ig_text_free(text);
  CHECK(ig_gate_latest_checkpoint(gate, ig_cstr("default"), &text, NULL) == IG_OK);
  ig_text_free(text);
  CHECK(ig_gate_prove_event(gate, ig_cstr("default"), ig_cstr(event_id), &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), event_id) != NULL);
  ig_text_free(text);
  CHECK(ig_gate_prove_event(gate, ig_cstr("default"), ig_cstr("none"), &text, NULL) == IG_NOT_FOUND);
  CHECK(ig_gate_make_checkpoint(NULL, ig_cstr("default"), &text, NULL) == IG_INVALID_ARGUMENT);

  CHECK(ig_gate_query_audit(gate, ig_cstr("{\"tool\": \"read_file\"}"), ig_cstr(""), 10, &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), event_id) != NULL);
  ig_text_free(text);
  CHECK(ig_gate_query_audit(gate, ig_cstr("{\"tool\": \"none\"}"), ig_cstr(""), 10, &text, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(text), event_id) == NULL);
  ig_text_free(text);
  code = ig_gate_query_audit(gate, ig_cstr("{\"tol\": \"x\"}"), ig_cstr(""), 10, &text, &error);
  CheckError(code, IG_INVALID_ARGUMENT, error, "tol", __LINE__);
  CHECK(ig_gate_query_audit(gate, ig_cstr(""), ig_cstr(""), 0, &text, NULL) == IG_INVALID_ARGUMENT);

  CHECK(ig_gate_verifier_key(gate, &key, NULL) == IG_OK);
  CHECK(ig_gate_write_bundle(gate, ig_cstr("default"), Keep, &bundle, NULL) == IG_OK);
  CheckBundle(&bundle, ig_text_data(key), "\"verdict\":\"intact\"");
  for (i = 0; memcmp(bundle.bytes + i, event_id, strlen(event_id)) != 0; ++i) CHECK(i < bundle.size);
  bundle.bytes[i] ^= 1;
  CheckBundle(&bundle, ig_text_data(key), "\"verdict\":\"tampered\"");
  bundle.read = 0;
  CHECK(ig_verify_bundle(ReadBack, &bundle, NULL, 1, &text, NULL) == IG_INVALID_ARGUMENT);
  error = NULL;
  code = ig_verify_bundle(CannotRead, &bundle, NULL, 0, &text, &error);
  CheckError(code, IG_IO, error, "could not be read", __LINE__);
  error = NULL;
  code = ig_gate_write_bundle(gate, ig_cstr("default"), Stop, NULL, &error);
  CheckError(code, IG_CANCELLED, error, "the sink stopped", __LINE__);
  ig_text_free(key);
}

/* A receipt of a durable decision, signed with the example key of Go's x/mod/sumdb/note. */
static void TestReceipts(const char* key_file, const ig_keys* keys) {
  static const char kSigner[] = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n";
  char signing_file[] = "capi_test_signing_XXXXXX";
  char state_file[64];
  char yaml[512];
  ig_gate* gate = NULL;
  ig_error* error = NULL;
  ig_text* note = NULL;
  ig_decision* decision;
  ig_code code;
  char* token = MintReader(keys);
  const int fd = mkstemp(signing_file);
  FILE* file = fd < 0 ? NULL : fdopen(fd, "w");
  if (file == NULL || fputs(kSigner, file) < 0 || fclose(file) != 0) abort();
  snprintf(state_file, sizeof state_file, "%s.state", signing_file);
  snprintf(yaml, sizeof yaml, "keys: {file: %s}\nstore: {kind: memory}\naudit: {signing: {key_file: %s, deployment: capi.example}}\n",
           key_file, signing_file);
  code = ig_gate_open(ig_cstr(yaml), ig_cstr(""), &gate, &error);
  if (code != IG_OK) fprintf(stderr, "%s\n", ig_error_message(error));
  CHECK(code == IG_OK);

  decision = Ask(gate, token, "read_file");
  CHECK(ig_gate_sign_receipt(gate, decision, &note, NULL) == IG_OK);
  CHECK(strstr(ig_text_data(note), "intentgate-audit-receipt-1\n") != NULL);
  CHECK(strstr(ig_text_data(note), "capi.example/audit/default") != NULL);
  CHECK(strstr(ig_text_data(note), "PeterNeumann") != NULL);
  ig_text_free(note);
  CHECK(ig_gate_sign_receipt(gate, NULL, &note, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_sign_receipt(gate, decision, NULL, NULL) == IG_INVALID_ARGUMENT);
  CHECK(ig_gate_sign_receipt(NULL, decision, &note, NULL) == IG_INVALID_ARGUMENT);
  TestEvidence(gate, ig_decision_event_id(decision));
  ig_decision_free(decision);
  CHECK(ig_gate_close(gate) == IG_OK);
  remove(state_file);
  snprintf(state_file, sizeof state_file, "%s.state.lock", signing_file);
  remove(state_file);
  remove(signing_file);
  free(token);
}

int main(void) {
  char key_file[] = "capi_test_keys_XXXXXX";
  char* line = NULL;
  ig_keys* keys = MakeKeys(&line);
  const int fd = mkstemp(key_file);
  FILE* file = fd < 0 ? NULL : fdopen(fd, "w");
  if (file == NULL || fputs(line, file) < 0 || fclose(file) != 0) abort();
  TestTokens(keys);
  TestBadInput(keys);
  TestGate(keys, key_file);
  TestReceipts(key_file, keys);
  remove(key_file);
  ig_keys_free(keys);
  free(line);
  if (failures == 0) puts("all checks of the C API hold");
  return failures != 0;
}
