// The operators' side of pinned tool definitions: the files of pins and what the upstreams' lists told, joined.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <intentgate/gate.h>

#include "admin/pins.h"
#include "mcp/catalogue.h"

namespace intentgate::app {

// The file is the truth: it is read anew for each acceptance, replaced whole, and what stands in it besides stays.
class PinBook final : public admin::Pins {
 public:
  struct Place {
    std::string upstream;
    std::string file;  // "": its definitions are not pinned
  };
  // `places` in the order of the upstreams.
  PinBook(std::shared_ptr<Gate> gate, std::shared_ptr<mcp::Catalogue> catalogue, std::vector<Place> places)
      : gate_(std::move(gate)), catalogue_(std::move(catalogue)), places_(std::move(places)) {}

  bool enabled() const override;
  std::vector<admin::PinRow> List() const override;
  Status Accept(const std::vector<admin::PinWish>& wishes, bool keep, const AdminContext& admin) override;

 private:
  // Whether an absent tool of the upstream's file is another upstream's to show.
  bool IsElsewhere(std::size_t upstream, const std::string& tool) const;
  Status AcceptAt(std::size_t upstream, const std::vector<mcp::SeenTool>& tools, bool keep, const AdminContext& admin);

  const std::shared_ptr<Gate> gate_;
  const std::shared_ptr<mcp::Catalogue> catalogue_;
  const std::vector<Place> places_;
  std::mutex writing_;
};

}  // namespace intentgate::app
