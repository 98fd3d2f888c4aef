// Each request runs on an easy handle of its own; handles that are done go back to a small pool and keep
// their connections, which is how libcurl reuses them without locks of ours inside its callbacks.

#include "fetch/curl_fetcher.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include <curl/curl.h>

namespace intentgate::fetch {
namespace {

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

constexpr std::int64_t kMaxTimeoutMs = 600'000;

// The body as far as it came.
struct Sink {
  std::string body;
  std::size_t limit = 0;
  bool over = false;
};

std::size_t Receive(char* data, std::size_t size, std::size_t count, void* user) {
  auto* sink = static_cast<Sink*>(user);
  const std::size_t bytes = size * count;
  if (bytes > sink->limit - sink->body.size()) {
    sink->over = true;
    return 0;  // ends the transfer
  }
  sink->body.append(data, bytes);
  return bytes;
}

struct Fields {
  std::string reason;
  std::vector<std::pair<std::string, std::string>> list;
  std::size_t bytes = 0;
};

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// "Not Found" of "HTTP/1.1 404 Not Found".
std::string_view ReasonOf(std::string_view status_line) {
  const std::size_t code = status_line.find(' ');
  const std::size_t reason = code == std::string_view::npos ? code : status_line.find(' ', code + 1);
  return reason == std::string_view::npos ? std::string_view() : Trimmed(status_line.substr(reason));
}

// One line of a head; a status line begins another one (after a 1xx).
std::size_t ReceiveField(char* data, std::size_t size, std::size_t count, void* user) {
  auto* fields = static_cast<Fields*>(user);
  const std::size_t bytes = size * count;
  const std::string_view line(data, bytes);
  fields->bytes += bytes;
  if (line.starts_with("HTTP/")) {
    fields->list.clear();
    fields->reason = ReasonOf(line);
    return bytes;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || fields->bytes > base::kMaxReplyHeaderBytes) return bytes;
  std::string name(line.substr(0, colon));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  fields->list.emplace_back(std::move(name), Trimmed(line.substr(colon + 1)));
  return bytes;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; });
}

// A line end in any of these would let one request say two things.
Status CheckRequest(const base::HttpFetchRequest& request) {
  const auto bad = [](std::string_view what) {
    return Error{ErrorCode::kInvalidArgument, "HTTP request: " + std::string(what)};
  };
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://"))
    return bad("the URL is neither http nor https");
  if (HasControl(request.url) || request.url.find(' ') != std::string::npos)
    return bad("the URL has a blank or control character");
  if (request.method.empty() ||
      !std::all_of(request.method.begin(), request.method.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return bad("the method is no word in capitals");
  }
  if (request.timeout_ms < 1 || request.timeout_ms > kMaxTimeoutMs) {
    return bad("the timeout is not from 1 to " + std::to_string(kMaxTimeoutMs) + " ms");
  }
  for (const auto& [name, value] : request.headers) {
    const bool token = !name.empty() && name.find_first_of(" \t:;,()<>@\\\"/[]?={}") == std::string::npos;
    if (!token || HasControl(name) || HasControl(value)) return bad("a header has a character that it may not have");
  }
  return {};
}

Result<HeaderList> MakeHeaders(const base::HttpFetchRequest& request) {
  HeaderList list;
  // No "Expect: 100-continue": it costs a round trip and some servers wait for ever.
  std::vector<std::string> lines = {"Expect:"};
  // "name;" is how libcurl is asked to send a header without a value.
  for (const auto& [name, value] : request.headers) lines.push_back(value.empty() ? name + ";" : name + ": " + value);
  for (const std::string& line : lines) {
    curl_slist* grown = curl_slist_append(list.get(), line.c_str());
    if (grown == nullptr) return Error{ErrorCode::kInternal, "out of memory for HTTP headers"};
    (void)list.release();
    list.reset(grown);
  }
  return list;
}

// What went wrong, in our words: libcurl's texts name hosts and files.
Error ExplainFailure(CURLcode code, const Sink& sink) {
  if (sink.over) return {ErrorCode::kLimitExceeded, "the answer is over " + std::to_string(sink.limit) + " bytes"};
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return {ErrorCode::kTimeout, "no whole answer in time"};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return {ErrorCode::kInvalidArgument, "HTTP request: the URL cannot be used"};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return {ErrorCode::kUnavailable, "the host name does not resolve"};
    case CURLE_COULDNT_CONNECT: return {ErrorCode::kUnavailable, "the connection was refused"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ISSUER_ERROR:
      return {ErrorCode::kUnavailable, "TLS failed: the certificate or the protocol was not accepted"};
    case CURLE_ABORTED_BY_CALLBACK: return {ErrorCode::kUnavailable, "the exchange was cancelled"};
    case CURLE_SSL_CACERT_BADFILE: return {ErrorCode::kUnavailable, "TLS failed: the certificate file cannot be used"};
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE: return {ErrorCode::kUnavailable, "the connection broke off"};
    default:
      return {ErrorCode::kUnavailable, "the exchange failed (libcurl " + std::to_string(static_cast<int>(code)) + ")"};
  }
}

// Ends the transfer if the caller wants it no more.
int AskCancelled(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<const std::function<bool()>*>(user))() ? 1 : 0;
}

class Setup {
 public:
  explicit Setup(CURL* handle) : handle_(handle) {}
  template <typename T>
  void Set(CURLoption option, T value) {
    if (result_ == CURLE_OK) result_ = curl_easy_setopt(handle_, option, value);
  }
  bool ok() const { return result_ == CURLE_OK; }

 private:
  CURL* handle_;
  CURLcode result_ = CURLE_OK;
};

// libcurl's start-up is not thread-safe before 7.84 and must happen once.
bool StartCurl() {
  static const bool kStarted = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return kStarted;
}

// libcurl copies the text.
void SetBlob(Setup& setup, CURLoption option, const std::string& text) {
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
  setup.Set(option, &blob);
}

void ConfigureTls(Setup& setup, const CurlOptions& options) {
  setup.Set(CURLOPT_SSL_VERIFYPEER, options.verify_certificates ? 1L : 0L);
  setup.Set(CURLOPT_SSL_VERIFYHOST, options.verify_certificates ? 2L : 0L);
  setup.Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) {
    setup.Set(CURLOPT_CAINFO, options.ca_file.c_str());
    setup.Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!options.ca_pem.empty()) {
    SetBlob(setup, CURLOPT_CAINFO_BLOB, options.ca_pem);
    setup.Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!options.client_certificate_pem.empty()) {
    setup.Set(CURLOPT_SSLCERTTYPE, "PEM");
    setup.Set(CURLOPT_SSLKEYTYPE, "PEM");
    SetBlob(setup, CURLOPT_SSLCERT_BLOB, options.client_certificate_pem);
    SetBlob(setup, CURLOPT_SSLKEY_BLOB, options.client_key_pem);
  }
}

bool Configure(CURL* handle, const CurlOptions& options, const base::HttpFetchRequest& request, curl_slist* headers,
               Sink& sink, Fields& fields) {
  Setup setup(handle);
  setup.Set(CURLOPT_URL, request.url.c_str());
  setup.Set(CURLOPT_PROTOCOLS_STR, "http,https");
  setup.Set(CURLOPT_FOLLOWLOCATION, 0L);
  ConfigureTls(setup, options);
  // An empty proxy, unlike none, also turns off the environment's.
  if (!options.proxy_from_environment) setup.Set(CURLOPT_PROXY, "");
  setup.Set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  setup.Set(CURLOPT_NOSIGNAL, 1L);
  setup.Set(CURLOPT_TCP_NODELAY, 1L);
  setup.Set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_ms));
  setup.Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(options.connect_timeout_ms, request.timeout_ms)));
  setup.Set(CURLOPT_USERAGENT, options.user_agent.c_str());
  setup.Set(CURLOPT_HTTPHEADER, headers);
  setup.Set(CURLOPT_WRITEFUNCTION, &Receive);
  setup.Set(CURLOPT_WRITEDATA, static_cast<void*>(&sink));
  setup.Set(CURLOPT_HEADERFUNCTION, &ReceiveField);
  setup.Set(CURLOPT_HEADERDATA, static_cast<void*>(&fields));
  if (request.cancelled) {
    setup.Set(CURLOPT_NOPROGRESS, 0L);
    setup.Set(CURLOPT_XFERINFOFUNCTION, &AskCancelled);
    setup.Set(CURLOPT_XFERINFODATA, const_cast<void*>(static_cast<const void*>(&request.cancelled)));
  }
  if (request.method == "HEAD") setup.Set(CURLOPT_NOBODY, 1L);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    setup.Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    setup.Set(CURLOPT_POSTFIELDS, request.body.data());
  }
  setup.Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  return setup.ok();
}

}  // namespace

// Handles that are not in use, with their open connections.
class CurlFetcher::Pool {
 public:
  explicit Pool(std::size_t max_idle) : max_idle_(max_idle) {}

  Easy Take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        Easy handle = std::move(idle_.back());
        idle_.pop_back();
        return handle;
      }
    }
    return Easy(curl_easy_init());
  }

  void Return(Easy handle) {
    // Forgets the request, keeps the connections.
    curl_easy_reset(handle.get());
    const std::lock_guard lock(mutex_);
    if (idle_.size() < max_idle_) idle_.push_back(std::move(handle));
  }

 private:
  const std::size_t max_idle_;
  std::mutex mutex_;
  std::vector<Easy> idle_;  // guarded by mutex_
};

CurlFetcher::CurlFetcher(CurlOptions options, std::unique_ptr<Pool> pool)
    : options_(std::move(options)), pool_(std::move(pool)) {}
CurlFetcher::~CurlFetcher() = default;

Result<std::shared_ptr<CurlFetcher>> CurlFetcher::Create(CurlOptions options) {
  if (!StartCurl()) return Error{ErrorCode::kInternal, "libcurl did not start"};
  if (!options.ca_file.empty() && !std::ifstream(options.ca_file).good()) {
    return Error{ErrorCode::kInvalidArgument, "the CA file " + options.ca_file + " cannot be read"};
  }
  if (options.connect_timeout_ms < 1)
    return Error{ErrorCode::kInvalidArgument, "the connect timeout must be at least 1 ms"};
  auto pool = std::make_unique<Pool>(options.max_idle_connections);
  return std::shared_ptr<CurlFetcher>(new CurlFetcher(std::move(options), std::move(pool)));
}

Result<base::HttpFetchReply> CurlFetcher::Fetch(const base::HttpFetchRequest& request) {
  if (Status checked = CheckRequest(request); !checked.ok()) return checked.error();
  Result<HeaderList> headers = MakeHeaders(request);
  if (!headers.ok()) return headers.error();
  Easy handle = pool_->Take();
  if (handle == nullptr) return Error{ErrorCode::kInternal, "libcurl gave no handle"};
  Sink sink{.body = {}, .limit = request.max_response_bytes};
  Fields fields;
  if (!Configure(handle.get(), options_, request, headers->get(), sink, fields)) {
    return Error{ErrorCode::kInternal, "libcurl refused an option"};
  }
  const CURLcode code = curl_easy_perform(handle.get());
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  pool_->Return(std::move(handle));
  if (code != CURLE_OK) return ExplainFailure(code, sink);
  return base::HttpFetchReply{status, std::move(sink.body), std::move(fields.list), std::move(fields.reason)};
}

}  // namespace intentgate::fetch
