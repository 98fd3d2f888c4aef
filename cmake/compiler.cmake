# Warnings, sanitizers, linker and compiler cache. Everything here is a build matter; nothing changes
# what the code means.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

add_library(ig_options INTERFACE)
add_library(ig::options ALIAS ig_options)
target_compile_options(ig_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wimplicit-fallthrough -Werror -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside inlined std::string and std::variant code that is right.
  target_compile_options(ig_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow
    -Wno-array-bounds -Wno-dangling-pointer -Wno-missing-field-initializers)
else()
  # libstdc++ 12's stable_sort calls what libstdc++ itself marks as deprecated, and clang blames the caller; g++ keeps the
  # warning for our own calls.
  target_compile_options(ig_options INTERFACE -Wno-missing-field-initializers -Wno-unused-command-line-argument
    -Wno-deprecated-declarations)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(ig_options INTERFACE _FORTIFY_SOURCE=2)
endif()

if(INTENTGATE_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(INTENTGATE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A function stays in one piece: llvm-bolt (ig_with_relocations) splits by what ran, and cannot move what g++ had split by guess.
  add_compile_options(-fno-reorder-blocks-and-partition)
endif()

find_program(IG_CCACHE ccache)
if(IG_CCACHE)
  # Relative paths, so that two checkouts share what they compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${IG_CCACHE})
endif()

find_program(IG_MOLD mold)
if(IG_MOLD AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=${IG_MOLD})
elseif(IG_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# ig_with_relocations(program): program_relocations is the same program with what llvm-bolt moves code by (cmake/optimize.sh).
# Linked by GNU ld, whose output llvm-bolt reads without exception. Built when it is asked for.
function(ig_with_relocations program)
  add_executable(${program}_relocations EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${program}>)
  target_link_libraries(${program}_relocations PRIVATE $<TARGET_PROPERTY:${program},LINK_LIBRARIES>)
  target_link_options(${program}_relocations PRIVATE -fuse-ld=bfd -Wl,--emit-relocs)
  set_target_properties(${program}_relocations PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/relocations)
endfunction()
