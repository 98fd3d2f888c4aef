// Errors and texts of the C API.

#include "capi/objects.h"

extern "C" {

const char* ig_version(void) { return INTENTGATE_VERSION; }

const char* ig_code_name(ig_code code) {
  if (code == IG_OK) return "ok";
  if (code == IG_REFUSED) return "refused";
  if (code < IG_INVALID_ARGUMENT || code > IG_INTERNAL) return "unknown";
  // The names are literals, so they end in a NUL.
  return intentgate::ErrorCodeName(static_cast<intentgate::ErrorCode>(code)).data();
}

ig_code ig_error_code(const ig_error* error) { return error == nullptr ? IG_OK : error->code; }
const char* ig_error_message(const ig_error* error) { return error == nullptr ? "" : error->message.c_str(); }
const char* ig_error_reason(const ig_error* error) { return error == nullptr ? "" : error->reason.c_str(); }
int64_t ig_error_caveat(const ig_error* error) { return error == nullptr ? -1 : error->caveat; }
int64_t ig_error_hop(const ig_error* error) { return error == nullptr ? -1 : error->hop; }
void ig_error_free(ig_error* error) { delete error; }

const char* ig_text_data(const ig_text* text) { return text == nullptr ? "" : text->text.c_str(); }
size_t ig_text_size(const ig_text* text) { return text == nullptr ? 0 : text->text.size(); }
void ig_text_free(ig_text* text) { delete text; }

}  // extern "C"
