// The families of builtins, each a table in the file of the same name. Registered in registry.cc.
#pragma once

#include <span>

#include "rego/builtins/registry.h"

namespace intentgate::rego {

// Operators, membership, walk: builtins/core.cc.
std::span<const Builtin> CoreBuiltins();

std::span<const Builtin> AggregateBuiltins();   // aggregates.cc
std::span<const Builtin> AwsBuiltins();         // aws.cc
std::span<const Builtin> SchemaBuiltins();      // json_schema.cc
std::span<const Builtin> BitBuiltins();         // bits.cc
std::span<const Builtin> CollectionBuiltins();  // collections.cc: arrays, sets, graphs
std::span<const Builtin> DigestBuiltins();      // digests.cc: hashes and HMACs
std::span<const Builtin> EncodingBuiltins();    // encoding.cc: base64, hex, urlquery
std::span<const Builtin> GlobBuiltins();        // glob.cc
std::span<const Builtin> GraphqlBuiltins();     // graphql/graphql.cc
std::span<const Builtin> HostBuiltins();        // host.cc: what reaches outside the process
std::span<const Builtin> JsonBuiltins();        // json_text.cc
std::span<const Builtin> JwtBuiltins();         // jwt.cc
std::span<const Builtin> JwtSignBuiltins();     // jwt_sign.cc
std::span<const Builtin> NameBuiltins();        // names.cc: semver, uuid
std::span<const Builtin> NetBuiltins();         // net.cc
std::span<const Builtin> NumberBuiltins();      // numbers.cc
std::span<const Builtin> ObjectBuiltins();      // objects.cc
std::span<const Builtin> PatchBuiltins();       // json_patch.cc
std::span<const Builtin> ParseBuiltins();       // parse_module.cc
std::span<const Builtin> RegexBuiltins();       // regex.cc
std::span<const Builtin> SprintfBuiltins();     // sprintf.cc
std::span<const Builtin> StringBuiltins();      // strings.cc
std::span<const Builtin> TemplateBuiltins();    // render_template.cc
std::span<const Builtin> TimeBuiltins();        // time.cc
std::span<const Builtin> TypeBuiltins();        // types.cc
std::span<const Builtin> UnitBuiltins();        // units.cc
std::span<const Builtin> TraceBuiltins();        // trace.cc
std::span<const Builtin> YamlBuiltins();         // yaml.cc
std::span<const Builtin> X509Builtins();        // x509.cc: certificates and private keys
std::span<const Builtin> UriBuiltins();         // uri.cc

}  // namespace intentgate::rego
