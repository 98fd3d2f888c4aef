/* What the tests of the C API have in common. Each program counts its own failures. */
#ifndef INTENTGATE_TESTS_UNIT_CAPI_SUPPORT_H_
#define INTENTGATE_TESTS_UNIT_CAPI_SUPPORT_H_

#include <stdio.h>
#include <stdlib.h>

#include <intentgate/intentgate.h>

static int failures = 0;

static inline void Check(int ok, const char* what, int line) {
  if (ok) return;
  fprintf(stderr, "line %d: %s\n", line, what);
  ++failures;
}
#define CHECK(condition) Check((condition) ? 1 : 0, #condition, __LINE__)
#define CHECK_TEXT(actual, wanted) CheckText((actual), (wanted), #actual, __LINE__)

static inline void CheckText(const char* actual, const char* wanted, const char* what, int line) {
  if (strcmp(actual, wanted) == 0) return;
  fprintf(stderr, "line %d: %s is \"%s\", wanted \"%s\"\n", line, what, actual, wanted);
  ++failures;
}

/* Checks code and a part of the message, and frees the error. */
static inline void CheckError(ig_code code, ig_code wanted, ig_error* error, const char* part, int line) {
  if (code != wanted || ig_error_code(error) != wanted || strstr(ig_error_message(error), part) == NULL) {
    fprintf(stderr, "line %d: got %s \"%s\", wanted %s \"...%s...\"\n", line, ig_code_name(code),
            ig_error_message(error), ig_code_name(wanted), part);
    ++failures;
  }
  ig_error_free(error);
}

/* The text's string, copied; the text is freed. */
static inline char* Take(ig_text* text) {
  const size_t size = ig_text_size(text);
  char* copy = malloc(size + 1);
  if (copy == NULL) abort();
  memcpy(copy, ig_text_data(text), size + 1);
  ig_text_free(text);
  return copy;
}

/* The string value of a member, cut out of compact JSON; the caller frees it. */
static inline char* Member(const char* json, const char* name) {
  char key[64];
  const char* begin;
  const char* end;
  char* copy;
  snprintf(key, sizeof key, "\"%s\":\"", name);
  begin = strstr(json, key);
  if (begin == NULL) return NULL;
  begin += strlen(key);
  end = strchr(begin, '"');
  copy = malloc((size_t)(end - begin) + 1);
  if (copy == NULL) abort();
  memcpy(copy, begin, (size_t)(end - begin));
  copy[end - begin] = '\0';
  return copy;
}

static inline ig_keys* MakeKeys(char** line) {
  ig_text* text = NULL;
  ig_keys* keys = NULL;
  CHECK(ig_generate_key_line(ig_cstr("k1"), &text, NULL) == IG_OK);
  *line = Take(text);
  CHECK(ig_keys_parse(ig_cstr(*line), &keys, NULL) == IG_OK);
  return keys;
}

static inline char* MintReader(const ig_keys* keys) {
  ig_text* minted = NULL;
  char* json;
  char* token;
  CHECK(ig_mint(keys, ig_cstr("{\"subject\":\"agent-7\",\"ttl\":300,\"caveats\":[{\"t\":\"tool_allow\",\"tools\":[\"read_file\"]}]}"),
                &minted, NULL) == IG_OK);
  json = Take(minted);
  token = Member(json, "token");
  CHECK(token != NULL && strstr(json, "\"expires_at\":") != NULL);
  free(json);
  return token;
}

/* What the gate says about one call; the caller frees it. */
static inline ig_decision* Ask(ig_gate* gate, const char* token, const char* tool) {
  ig_call call = IG_CALL_INIT;
  ig_decision* decision = NULL;
  call.token = ig_cstr(token);
  call.tool = ig_cstr(tool);
  call.arguments_json = ig_cstr("{\"path\":\"/data/a\"}");
  CHECK(ig_gate_authorize(gate, &call, &decision, NULL) == IG_OK);
  return decision;
}

#endif /* INTENTGATE_TESTS_UNIT_CAPI_SUPPORT_H_ */
