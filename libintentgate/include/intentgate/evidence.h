// What an auditor is given: a bundle of one tenant's events. docs/formats/bundle.md; bundle.h verifies one.
#pragma once

#include <string>

#include <intentgate/audit.h>

namespace intentgate {

struct BundleRequest {
  std::string tenant = "default";
  AuditFilter filter;                      // its tenant is ignored; any other member makes a filtered bundle
  bool include_uncovered = false;          // also what came after the newest checkpoint; the bundle says that it is uncovered
  bool include_values = false;             // also the private values that the events commit to and that are not erased
};

}  // namespace intentgate
