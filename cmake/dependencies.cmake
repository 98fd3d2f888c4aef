# Third-party libraries, each as an ig::dep_* target. docs/dependencies.md gives the reason for each.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)

function(ig_pkg name module)
  pkg_check_modules(IG_${name} REQUIRED IMPORTED_TARGET ${module})
  add_library(ig_dep_${name} INTERFACE)
  add_library(ig::dep_${name} ALIAS ig_dep_${name})
  target_link_libraries(ig_dep_${name} INTERFACE PkgConfig::IG_${name})
endfunction()

ig_pkg(simdjson simdjson)
ig_pkg(fmt fmt)
ig_pkg(re2 re2)
ig_pkg(sqlite sqlite3)
ig_pkg(curl libcurl)
ig_pkg(yaml yaml-cpp)

find_package(absl REQUIRED)
add_library(ig_dep_absl INTERFACE)
add_library(ig::dep_absl ALIAS ig_dep_absl)
target_link_libraries(ig_dep_absl INTERFACE absl::time)

if(INTENTGATE_SERVER)
  ig_pkg(spdlog spdlog)
  find_package(CLI11 REQUIRED)
  find_path(IG_ASIO_INCLUDE asio.hpp REQUIRED)
  add_library(ig_dep_asio INTERFACE)
  add_library(ig::dep_asio ALIAS ig_dep_asio)
  target_include_directories(ig_dep_asio SYSTEM INTERFACE ${IG_ASIO_INCLUDE})
  target_link_libraries(ig_dep_asio INTERFACE Threads::Threads OpenSSL::SSL)
endif()
