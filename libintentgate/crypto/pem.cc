#include "crypto/pem.h"

#include <openssl/bio.h>
#include <openssl/pem.h>

#include <limits>
#include <memory>

#include "crypto/openssl_guard.h"

namespace intentgate::crypto {

std::optional<PemBlock> NextPemBlock(std::string_view& text) {
  const ErrorQueueGuard guard;
  if (text.empty() || text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return std::nullopt;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (!bio || PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) return std::nullopt;
  PemBlock block{name, {data, data + size}};
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  text.remove_prefix(text.size() - static_cast<std::size_t>(BIO_pending(bio.get())));
  return block;
}

}  // namespace intentgate::crypto
