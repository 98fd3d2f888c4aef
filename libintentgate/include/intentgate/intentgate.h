/*
 * IntentGate in C99: what other languages bind to. The same functions as in C++, Python and Node; an
 * attenuated token is the same bytes in every language.
 *
 *   ig_error* error = NULL;
 *   ig_gate* gate = NULL;
 *   if (ig_gate_open(ig_cstr(yaml), ig_cstr("intentgate.yaml"), &gate, &error) != IG_OK) {
 *     fprintf(stderr, "%s\n", ig_error_message(error));
 *     ig_error_free(error);
 *     return 1;
 *   }
 *   ig_call call = IG_CALL_INIT;
 *   call.token = ig_cstr(bearer);
 *   call.tool = ig_cstr("read_file");
 *   call.arguments_json = ig_cstr("{\"path\": \"/data/a.csv\"}");
 *   ig_decision* decision = NULL;
 *   if (ig_gate_authorize(gate, &call, &decision, &error) == IG_OK && ig_decision_allowed(decision)) { ... }
 *   ig_decision_free(decision);
 *   ig_gate_close(gate);
 *
 * Conventions
 *   1. A function that can fail returns an ig_code. IG_OK is 0; out parameters are written only then.
 *   2. Every function takes `ig_error** error` last, which may be NULL. On failure it is set to an error that
 *      the caller frees; on success, and when there is no memory for an error (IG_LIMIT_EXCEEDED), it is left alone.
 *   3. Text comes in as ig_str (pointer and length, UTF-8, no NUL needed) and goes out as ig_text, which the
 *      caller frees. A pointer that an accessor returns lives as long as its object.
 *   4. Objects are opaque and freed by their own function; freeing NULL does nothing. Passing NULL for an object
 *      that is needed is IG_INVALID_ARGUMENT, never a crash.
 *   5. All functions are thread-safe; ig_gate_close, as every free, must be the last use.
 *   6. A refused call is not a failure: ig_gate_authorize returns IG_OK and a decision that is not allowed.
 *   7. Structures grow at their end and carry their size; start from their INIT macro.
 */
#ifndef INTENTGATE_INTENTGATE_H_
#define INTENTGATE_INTENTGATE_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define IG_API __attribute__((visibility("default")))
#else
#define IG_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Stable: codes are appended, never renumbered. 1 to 16 are those of <intentgate/result.h>. */
typedef int32_t ig_code;
enum {
  IG_OK = 0,
  IG_INVALID_ARGUMENT = 1,
  IG_MALFORMED = 2,
  IG_UNSUPPORTED_VERSION = 3,
  IG_UNKNOWN_KEY = 4,
  IG_BAD_MAC = 5,
  IG_LIMIT_EXCEEDED = 6,
  IG_NOT_FOUND = 7,
  IG_ALREADY_EXISTS = 8,
  IG_CONFLICT = 9,
  IG_UNAVAILABLE = 10,
  IG_IO = 11,
  IG_CORRUPT = 12,
  IG_PERMISSION_DENIED = 13,
  IG_TIMEOUT = 14,
  IG_CANCELLED = 15,
  IG_INTERNAL = 16,
  IG_REFUSED = 100 /* ig_verify, ig_check: ig_error_reason says why */
};

typedef struct ig_error ig_error;
typedef struct ig_text ig_text;
typedef struct ig_keys ig_keys;
typedef struct ig_policy ig_policy;
typedef struct ig_gate ig_gate;
typedef struct ig_decision ig_decision;

typedef struct ig_str {
  const char* data; /* may be NULL when size is 0 */
  size_t size;      /* bytes */
} ig_str;

/* A NUL-terminated string; NULL is the empty one. */
static inline ig_str ig_cstr(const char* text) {
  ig_str s;
  s.data = text;
  s.size = text ? strlen(text) : 0;
  return s;
}

/* "0.1.0" */
IG_API const char* ig_version(void);
/* "invalid_argument"; "ok" for IG_OK, "refused" for IG_REFUSED, "unknown" for no code of this build. */
IG_API const char* ig_code_name(ig_code code);

IG_API ig_code ig_error_code(const ig_error* error);
/* A sentence for people; never holds a secret. NUL-terminated. */
IG_API const char* ig_error_message(const ig_error* error);
/* IG_REFUSED: the stable reason code, such as "capability.argument_refused". Otherwise "". */
IG_API const char* ig_error_reason(const ig_error* error);
/* IG_REFUSED: index of the caveat or hop that refused, from 0; -1 when there is none. */
IG_API int64_t ig_error_caveat(const ig_error* error);
IG_API int64_t ig_error_hop(const ig_error* error);
IG_API void ig_error_free(ig_error* error);

/* NUL-terminated; `size` does not count the NUL. */
IG_API const char* ig_text_data(const ig_text* text);
IG_API size_t ig_text_size(const ig_text* text);
IG_API void ig_text_free(ig_text* text);

/* --- Keys ------------------------------------------------------------------------------------------- */

/* A line for a key file with a fresh key under `id` (1 to 32 of [A-Za-z0-9_-]). The text is a secret. */
IG_API ig_code ig_generate_key_line(ig_str id, ig_text** line, ig_error** error);
/* A key file's text, as `intentgate keygen` writes it. */
IG_API ig_code ig_keys_parse(ig_str key_file_text, ig_keys** keys, ig_error** error);
/* One base64 key of at least 16 bytes, as in INTENTGATE_MASTER_KEY. */
IG_API ig_code ig_keys_from_master_key(ig_str text, ig_keys** keys, ig_error** error);
/* The id of the key that mints. */
IG_API const char* ig_keys_active_id(const ig_keys* keys);
/* The ids of all keys, an array. */
IG_API ig_code ig_keys_ids(const ig_keys* keys, ig_text** ids_json, ig_error** error);
IG_API void ig_keys_free(ig_keys* keys);

/* --- Tokens ----------------------------------------------------------------------------------------- */

/*
 * A token under the ring's active key. `request_json`:
 *   {"subject": "agent-7", "caveats": [{"t": "tool_allow", "tools": ["read_file"]}], "ttl": 300, "format": 5,
 *    "tenant": "default", "issuer": "intentgate", "zone": "default", "audience": "", "not_before": 0, "max_depth": 4}
 * Only subject is required; ttl is in seconds, not_before in unix seconds; a member that is not listed is an error.
 * Answers {"token": ..., "jti": ..., "expires_at": unix seconds, if it expires}. docs/caveats.md lists the caveats.
 */
IG_API ig_code ig_mint(const ig_keys* keys, ig_str request_json, ig_text** minted_json, ig_error** error);
/*
 * A child that can do no more than `token`. Needs no key. `request_json`:
 *   {"caveats": [...], "expires_in": 60, "seal": false, "label": "researcher"}, at least one of the first three.
 */
IG_API ig_code ig_attenuate(ig_str token, ig_str request_json, ig_text** child, ig_error** error);
/* What the token says, unverified: for display only. */
IG_API ig_code ig_decode(ig_str token, ig_text** content_json, ig_error** error);
/* The content of a token whose signature is right; its caveats are ig_check's business. IG_REFUSED. */
IG_API ig_code ig_verify(ig_str token, const ig_keys* keys, ig_str audience, ig_text** content_json, ig_error** error);
/* Whether ig_verify would accept the token, without making its content. IG_REFUSED. */
IG_API ig_code ig_is_genuine(ig_str token, const ig_keys* keys, ig_str audience, ig_error** error);
/*
 * Verifies the token and holds every caveat against one call, but for those that count. `arguments_json` is an object
 * or empty; `agent` who presents the token, or empty; `now` unix seconds, or 0 for the system's clock. IG_REFUSED.
 */
IG_API ig_code ig_check(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, ig_str agent, int64_t now,
                        ig_error** error);
/*
 * Every caveat's answer, not only the first "no": {"allowed": bool, "answers": [{"caveat": n, "hop": n, "holds": bool, "reason": ..., "text": ...}]};
 * the first is about the token's own times and has no "caveat". IG_REFUSED for a token that is not good at all. `now` as for ig_check.
 */
IG_API ig_code ig_explain(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, ig_str agent, int64_t now,
                          ig_text** explanation_json, ig_error** error);
/* What ig_check_with and ig_explain_with ask with; NULL: the defaults. */
typedef struct ig_check_options {
  size_t struct_size; /* set by IG_CHECK_OPTIONS_INIT */
  ig_str agent;       /* who presents the token; empty: unknown */
  ig_str server;      /* the upstream's name, for server caveats; empty: unknown */
  ig_str audience;    /* who asks; a token for another audience is refused, and one for any without this */
  int64_t now;        /* unix seconds; 0: the system's clock */
} ig_check_options;
#define IG_CHECK_OPTIONS_INIT \
  { sizeof(ig_check_options), {0, 0}, {0, 0}, {0, 0}, 0 }
/* As ig_check and ig_explain, with more said about the call. */
IG_API ig_code ig_check_with(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, const ig_check_options* options,
                             ig_error** error);
IG_API ig_code ig_explain_with(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json,
                               const ig_check_options* options, ig_text** explanation_json, ig_error** error);
/* A caveat in its JSON form as a sentence. */
IG_API ig_code ig_describe_caveat(ig_str caveat_json, ig_text** sentence, ig_error** error);

/* --- Policy ----------------------------------------------------------------------------------------- */

typedef struct ig_source {
  ig_str name; /* for messages */
  ig_str text; /* Rego */
} ig_source;

/* On failure the message lists every finding with file, line and column. */
IG_API ig_code ig_policy_compile(const ig_source* sources, size_t count, ig_policy** policy, ig_error** error);
/*
 * As ig_policy_compile, with {"data": the base document, an object, "max_steps": n, "max_memory_bytes": n}, each may be absent; the
 * limits are those of one evaluation.
 */
IG_API ig_code ig_policy_compile_with(const ig_source* sources, size_t count, ig_str options_json, ig_policy** policy,
                                      ig_error** error);
/* SHA-256 in hex over the sources and the data. */
IG_API const char* ig_policy_digest(const ig_policy* policy);
/* The full names of all rules, such as "data.intentgate.policy.decision", an array. */
IG_API ig_code ig_policy_rule_names(const ig_policy* policy, ig_text** names_json, ig_error** error);
/*
 * Runs the rules whose name begins with test_; one passes when it is true. Those of todo_test_ are skipped. `part`: only those
 * whose full name holds this text; empty: all.
 *   {"ok": something was tested and nothing failed, "passed": n, "failed": n, "skipped": n,
 *    "results": [{"name": ..., "outcome": "pass"|"fail"|"error"|"skip", "message": of an error}]}
 */
IG_API ig_code ig_policy_test(const ig_policy* policy, ig_str part, ig_text** report_json, ig_error** error);
/*
 * What the policy says about the input document (docs/policy/decision.md):
 *   {"effect": "allow"|"block"|"escalate", "reason": ..., "requires_step_up": bool, "failure": ..., "detail": ..., "steps": n}
 */
IG_API ig_code ig_policy_decide(const ig_policy* policy, ig_str input_json, ig_text** verdict_json, ig_error** error);
/* The value of a ground reference, such as "data.p.allow". IG_NOT_FOUND when it is undefined. `input_json` may be empty. */
IG_API ig_code ig_policy_eval(const ig_policy* policy, ig_str reference, ig_str input_json, ig_text** value_json,
                              ig_error** error);
IG_API void ig_policy_free(ig_policy* policy);

/* --- Gate ------------------------------------------------------------------------------------------- */

typedef struct ig_call {
  size_t struct_size;    /* set by IG_CALL_INIT */
  ig_str token;          /* the bearer string without "Bearer " */
  ig_str tool;
  ig_str arguments_json; /* an object; empty: the call has none */
  ig_str method;         /* empty: "tools/call" */
  ig_str prompt;         /* what the agent was asked to do; empty: unknown */
  ig_str session_id;
  ig_str remote_ip;
  ig_str server;         /* the upstream's name */
  ig_str approval_id;    /* of an earlier escalation of the same call; empty: none */
} ig_call;
#define IG_CALL_INIT \
  { sizeof(ig_call), {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0} }

/*
 * Opens a gate from the configuration's text; INTENTGATE_* variables of the process win over it. `file_name` is for
 * messages and for finding relative paths. The message of an error lists every mistake.
 */
IG_API ig_code ig_gate_open(ig_str yaml, ig_str file_name, ig_gate** gate, ig_error** error);
/* The parts of a gate that come from code. */
typedef struct ig_gate_options {
  size_t struct_size;         /* set by IG_GATE_OPTIONS_INIT */
  const ig_keys* keys;        /* in place of the text's; naming keys there as well is then a mistake. NULL: the text's */
  const ig_source* policy;    /* Rego, in place of the text's */
  size_t policy_count;        /* 0: the text's */
  const ig_source* variables; /* INTENTGATE_* variables by name, which win over the text; the process's own are not read */
  size_t variable_count;
} ig_gate_options;
#define IG_GATE_OPTIONS_INIT \
  { sizeof(ig_gate_options), 0, 0, 0, 0, 0 }
/* As ig_gate_open. The caller keeps what the options point to, which is copied. */
IG_API ig_code ig_gate_open_with(ig_str yaml, ig_str file_name, const ig_gate_options* options, ig_gate** gate, ig_error** error);
/* Flushes the chain and frees the gate. Returns what the flush said. */
IG_API ig_code ig_gate_close(ig_gate* gate);

/* Judges one call and records it; returns when the event is as durable as the configuration asks. */
IG_API ig_code ig_gate_authorize(ig_gate* gate, const ig_call* call, ig_decision** decision, ig_error** error);
/*
 * As ig_gate_authorize without waiting. `done` is called exactly once, inside the call or on a thread of the gate, and
 * owns the decision; it must not block. Not called when this returns an error.
 */
typedef void (*ig_decision_done)(void* context, ig_decision* decision);
IG_API ig_code ig_gate_authorize_async(ig_gate* gate, const ig_call* call, ig_decision_done done, void* context,
                                       ig_error** error);
/* Decides with a trace; charges nothing and records nothing. */
IG_API ig_code ig_gate_explain(ig_gate* gate, const ig_call* call, ig_decision** decision, ig_error** error);
/* What became of an allowed call: "success", "tool_error", "timeout", "transport", "cancelled". */
IG_API ig_code ig_gate_record_outcome(ig_gate* gate, const ig_decision* decision, ig_str outcome, int64_t latency_us,
                                      ig_error** error);
/* Holds for every later call on this gate. `tenant` empty: every tenant. */
IG_API ig_code ig_gate_revoke(ig_gate* gate, ig_str id, ig_str tenant, ig_str reason, ig_str actor, ig_error** error);
/* Calls in flight finish under the old policy. Recorded in the chain under `actor`. */
IG_API ig_code ig_gate_set_policy(ig_gate* gate, const ig_policy* policy, ig_str actor, ig_error** error);
/* What the intent check ranks, in place of what it knew: [{"name": ..., "description": ..., "parameters": [names]}]; only the name is required. */
IG_API ig_code ig_gate_set_tools(ig_gate* gate, ig_str tools_json, ig_error** error);
/*
 * Those of `tools` that the token could call with some arguments, an array of names in the same order; for a list shown to an
 * agent. `server`: the upstream's name, or empty. A token that is not good could call none.
 */
IG_API ig_code ig_gate_visible_tools(ig_gate* gate, ig_str token, ig_str server, const ig_str* tools, size_t count,
                                     ig_text** names_json, ig_error** error);
/* Whether the token is good at all: signature, time, revocation. Records nothing. */
IG_API ig_code ig_gate_check_token(ig_gate* gate, ig_str token, ig_decision** decision, ig_error** error);
/* {"ready": bool, "problem": why not, for operators} */
IG_API ig_code ig_gate_health(ig_gate* gate, ig_text** health_json, ig_error** error);
/* The settings in force in one line, without secrets. */
IG_API ig_code ig_gate_describe(ig_gate* gate, ig_text** line, ig_error** error);
/* Returns when everything answered before the call is in the chain. */
IG_API ig_code ig_gate_flush(ig_gate* gate, ig_error** error);
/* {"ok": bool, "tenant": ..., "verified": n, "problem": ..., "broken_seq": n, "next_seq": n, "hash": ...} */
IG_API ig_code ig_gate_verify_audit(ig_gate* gate, ig_str tenant, ig_text** report_json, ig_error** error);
/* Takes a piece of an export; anything but 0 stops it with IG_CANCELLED. */
typedef int (*ig_sink)(void* context, const char* data, size_t size);
/* `format`: "ndjson" (verifiable offline) or "csv". `tenant` empty: all. */
IG_API ig_code ig_gate_export_audit(ig_gate* gate, ig_str tenant, ig_str format, ig_sink sink, void* context,
                                    ig_error** error);
/*
 * A signed note that promises that the decision's event is under a checkpoint soon (docs/formats/receipt.md); `intentgate
 * audit verify BUNDLE --receipt FILE` checks it. IG_UNAVAILABLE without a signing key (audit.signing.key_file),
 * IG_INVALID_ARGUMENT for a decision whose event had no place in the chain when it was answered: only durable ones have.
 */
IG_API ig_code ig_gate_sign_receipt(ig_gate* gate, const ig_decision* decision, ig_text** note, ig_error** error);
/*
 * {"events": [...], "next": text for `after`, empty at the end}, newest first; docs/formats/audit.md names the members. `filter_json`:
 * {"tenant", "agent_id", "tool", "decision", "check", "code", "kind", "jti", "root_jti", "session_id", "event_id", "actor",
 * "from_micros", "to_micros", "from_seq", "to_seq"}, each may be absent, both ends of a span are included; empty: every event.
 * `limit` 1 to 1000.
 */
IG_API ig_code ig_gate_query_audit(ig_gate* gate, ig_str filter_json, ig_str after, size_t limit, ig_text** page_json,
                                   ig_error** error);
/* As ig_gate_export_audit, of the events that a filter takes; `format` also "ocsf" (the newest version), "ocsf-1.9.0", "ocsf-1.8.0". */
IG_API ig_code ig_gate_export_events(ig_gate* gate, ig_str filter_json, ig_str format, ig_sink sink, void* context,
                                     ig_error** error);
/*
 * For old events: `reason` and `actor`, who asks, go into the chain; `dry_run` 1 only says what would be done.
 */

/*
 * Erases the private values of the matching events of one tenant, and the approvals that they speak of; the chain still verifies:
 * {"events": that match, "values": erased, "approvals": erased}. IG_INVALID_ARGUMENT without a tenant in the filter, IG_CONFLICT while a
 * legal hold covers one of the events. After another error some may be erased; asked again it goes on.
 */
IG_API ig_code ig_gate_erase_values(ig_gate* gate, ig_str filter_json, ig_str reason, int dry_run, ig_str actor,
                                    ig_text** report_json, ig_error** error);
/*
 * Forbids erasing and pruning of a tenant's events, or of those of a span of time, both ends included:
 * {"tenant": "default", "id": ..., "reason": ..., "from_micros": n, "to_micros": n}. IG_ALREADY_EXISTS.
 */
IG_API ig_code ig_gate_place_hold(ig_gate* gate, ig_str hold_json, ig_str actor, ig_error** error);
/* IG_NOT_FOUND. */
IG_API ig_code ig_gate_lift_hold(ig_gate* gate, ig_str tenant, ig_str id, ig_str reason, ig_str actor, ig_error** error);
/* The holds that stand, an array with the members above, "placed_by" and "placed_at_micros". `tenant` empty: all. */
IG_API ig_code ig_gate_holds(ig_gate* gate, ig_str tenant, ig_text** holds_json, ig_error** error);
/*
 * Takes a tenant's events that are older out of the store, after they stand in a verified archive segment:
 * {"first_seq", "next_first_seq": equal when nothing is pruned, "resumed", "archive": the segment's file, "archive_sha256"}. Only whole
 * blocks of 256 events under a checkpoint go. IG_INVALID_ARGUMENT without audit.retention.archive_directory, IG_CONFLICT while a
 * legal hold covers one of them.
 */
IG_API ig_code ig_gate_prune(ig_gate* gate, ig_str tenant, int64_t before_micros, ig_str reason, int dry_run, ig_str actor,
                             ig_text** report_json, ig_error** error);
/*
 * Evidence (docs/audit.md). A checkpoint is {"note", "origin", "epoch", "size", "root_hex", "signed_at_micros", "witnessed_at_micros"},
 * the last one only when there was a quorum. IG_UNAVAILABLE without a signing key, IG_CORRUPT when the chain is not the one that
 * was signed for.
 */
/* Signs for everything that was answered before the call. */
IG_API ig_code ig_gate_make_checkpoint(ig_gate* gate, ig_str tenant, ig_text** checkpoint_json, ig_error** error);
/* IG_NOT_FOUND before the first one. */
IG_API ig_code ig_gate_latest_checkpoint(ig_gate* gate, ig_str tenant, ig_text** checkpoint_json, ig_error** error);
/* {"proof": a C2SP tlog-proof file, "seq", "event_id", "hash"}. IG_NOT_FOUND; IG_UNAVAILABLE while no checkpoint covers the event. */
IG_API ig_code ig_gate_prove_event(ig_gate* gate, ig_str tenant, ig_str event_id, ig_text** proof_json, ig_error** error);
/* The log's public key, which an auditor needs by another way than the bundle; empty: none signs. */
IG_API ig_code ig_gate_verifier_key(ig_gate* gate, ig_text** key, ig_error** error);
/* The auditor's bundle of a tenant, a tar stream. */
IG_API ig_code ig_gate_write_bundle(ig_gate* gate, ig_str tenant, ig_sink sink, void* context, ig_error** error);
/*
 * As ig_gate_write_bundle. A filter whose members are not all absent makes a filtered bundle, which proves less; its tenant is
 * ignored. `options_json`, each member may be absent: {"include_uncovered": also what came after the checkpoint, "witnessed": under
 * the newest checkpoint with its quorum of witnesses, "include_values": also the private values that are not erased}.
 */
IG_API ig_code ig_gate_write_bundle_with(ig_gate* gate, ig_str tenant, ig_str filter_json, ig_str options_json, ig_sink sink,
                                         void* context, ig_error** error);
/* A C2SP tlog-tiles directory, which tools of others can check without seeing any event. Answers the checkpoint. */
IG_API ig_code ig_gate_write_tiles(ig_gate* gate, ig_str tenant, ig_str directory, ig_text** checkpoint_json, ig_error** error);
/*
 * How far the proofs are behind the chain: {"ok", "problem", "tenant", "next_seq", "head_hash", "signing", "signer_problem",
 * "checkpoint": the newest, if there is one, "uncommitted_events", "uncommitted_age_micros", "witnessing", "witnessed_events",
 * "unwitnessed_age_micros", "declared_gaps", "declared_losses", "verified_to"}
 */
IG_API ig_code ig_gate_freshness(ig_gate* gate, ig_str tenant, ig_text** freshness_json, ig_error** error);
/*
 * Verifies the chain also against the newest checkpoint, from the first event or (`incremental` 1) from where the last verification
 * ended: {"ok", "tenant", "verified", "problem", "broken_seq", "from_seq", "covered": events under the checkpoint}.
 */
IG_API ig_code ig_gate_verify_evidence(ig_gate* gate, ig_str tenant, int incremental, ig_text** report_json, ig_error** error);
/* Reads up to `size` bytes into `out` and returns how many; 0 at the end, below 0 for a failure. */
typedef int64_t (*ig_read)(void* context, char* out, size_t size);
/*
 * Checks a bundle without a gate: {"verdict": "intact"|"tampered"|"truncated"|"not_covered"|"forked"|"unknown_key"|"malformed",
 * "message", "bad_seq", "bad_event_id", "tenant", "events", "first_seq", "next_seq", "covered", "uncovered_events", "filtered", "archive",
 * "complete", "last_hash", "origin", "root_hex", "signed_by", "checkpoint_note", "cosigned_at_micros", "fork": {"older_note",
 * "newer_note"}}. What is wrong with the bundle is in the report; an error is a key that cannot be read, or IG_IO.
 */
IG_API ig_code ig_verify_bundle(ig_read read, void* context, const ig_str* keys, size_t key_count, ig_text** report_json,
                                ig_error** error);

/*
 * As ig_verify_bundle. `trust_json`, each member may be absent: {"keys": [verifier keys], "older_checkpoints": [signed notes],
 * "receipts": [signed notes], "witness_policy": a C2SP tlog-policy whose quorum is asked for}. IG_MALFORMED for a key or a note that is none.
 */
IG_API ig_code ig_verify_bundle_with(ig_read read, void* context, ig_str trust_json, ig_text** report_json, ig_error** error);
/*
 * Checks the proof of one event whose chain hash is known, without a gate; an empty hash is taken from the only receipt:
 * {"verdict": as of a bundle, "message", "seq", "covered", "origin", "signed_by", "fork"}. IG_INVALID_ARGUMENT for a hash that is none.
 */
IG_API ig_code ig_verify_proof(ig_str proof, ig_str event_hash, ig_str trust_json, ig_text** report_json, ig_error** error);
/* Makes the key that signs checkpoints in a new file of mode 0600. IG_IO when the file is there already. */
IG_API ig_code ig_make_signing_key(ig_str path, ig_str deployment, ig_text** verifier_key, ig_error** error);

/*
 * Approvals (docs/approvals.md). `tenant` empty: every tenant's. A row has the members of Approval in
 * <intentgate/approval.h>, and `arguments` as JSON.
 */
/* {"approvals": [...], "next": text for `after`, empty at the end}, newest first. `state` empty: any; `limit` 1 to 1000. */
IG_API ig_code ig_gate_approvals(ig_gate* gate, ig_str tenant, ig_str state, ig_str after, size_t limit, ig_text** page_json,
                                 ig_error** error);
/* As ig_gate_approvals, of those that a filter takes: {"tenant", "state", "agent_id", "tool", "root_jti"}, each may be absent. */
IG_API ig_code ig_gate_find_approvals(ig_gate* gate, ig_str filter_json, ig_str after, size_t limit, ig_text** page_json,
                                      ig_error** error);
IG_API ig_code ig_gate_approval(ig_gate* gate, ig_str tenant, ig_str id, ig_text** approval_json, ig_error** error);
/* `approve` 1: the call may be made once; 0: rejected. `actor`: who answers; authenticate that person first. IG_CONFLICT. */
IG_API ig_code ig_gate_decide_approval(ig_gate* gate, ig_str tenant, ig_str id, int approve, ig_str note, ig_str actor,
                                       ig_text** approval_json, ig_error** error);
/* The same with `claimed_by`: the name that the person gave, for the record. */
IG_API ig_code ig_gate_decide_approval_claimed(ig_gate* gate, ig_str tenant, ig_str id, int approve, ig_str note, ig_str claimed_by,
                                               ig_str actor, ig_text** approval_json, ig_error** error);
/*
 * Calls `done` once when the approval is not pending any more, or with an error; inside the call or on a thread of the
 * gate. It owns both and must not block. `wait` gets what ig_gate_cancel_approval_wait takes, 0 if `done` was called.
 */
typedef void (*ig_approval_done)(void* context, ig_text* approval_json, ig_error* error);
IG_API ig_code ig_gate_wait_approval(ig_gate* gate, ig_str tenant, ig_str id, ig_approval_done done, void* context,
                                     uint64_t* wait, ig_error** error);
/* `done` may still be running when this returns; otherwise it is not called any more. */
IG_API ig_code ig_gate_cancel_approval_wait(ig_gate* gate, uint64_t wait, ig_error** error);

/* 1: allowed. 0: not, also for NULL. */
IG_API int ig_decision_allowed(const ig_decision* decision);
/* "allow", "block" or "escalate" */
IG_API const char* ig_decision_verdict(const ig_decision* decision);
/* Who refused: "capability", "intent", "policy", "budget" or "" */
IG_API const char* ig_decision_check(const ig_decision* decision);
/* Stable, such as "capability.argument_refused" */
IG_API const char* ig_decision_code(const ig_decision* decision);
/* A sentence, safe to show to the agent. */
IG_API const char* ig_decision_reason(const ig_decision* decision);
/* What decided a refusal, such as "caveat 2 (arg) of hop 1"; "" for an allow. */
IG_API const char* ig_decision_rule(const ig_decision* decision);
IG_API const char* ig_decision_event_id(const ig_decision* decision);
/* "escalate": the approval that the call waits for; "allow": the one that it has used; else "". */
IG_API const char* ig_decision_approval_id(const ig_decision* decision);
/* Everything, with the trace of ig_gate_explain: members as in docs/python.md. */
IG_API ig_code ig_decision_json(const ig_decision* decision, ig_text** json, ig_error** error);
IG_API void ig_decision_free(ig_decision* decision);

#ifdef __cplusplus
}
#endif

#endif /* INTENTGATE_INTENTGATE_H_ */
