# Run by ig_embed: writes FOLDER/NAME.h and FOLDER/NAME.cc from FILES, which "|" separates.
string(REPLACE "|" ";" files "${FILES}")

file(WRITE ${FOLDER}/${NAME}.h
"#pragma once

#include <span>
#include <string_view>

namespace intentgate::embedded {

struct ${NAME}_File {
  std::string_view name, contents;
};

std::span<const ${NAME}_File> ${NAME}();

}  // namespace intentgate::embedded
")

set(arrays "")
set(rows "")
set(index 0)
foreach(file ${files})
  get_filename_component(base ${file} NAME)
  file(READ ${file} hex HEX)
  file(SIZE ${file} size)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "constexpr unsigned char kFile${index}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${base}\", {reinterpret_cast<const char*>(kFile${index}), ${size}}},\n")
  math(EXPR index "${index} + 1")
endforeach()

file(WRITE ${FOLDER}/${NAME}.cc
"#include \"embedded/${NAME}.h\"

namespace intentgate::embedded {
namespace {

${arrays}
const ${NAME}_File kFiles[] = {
${rows}};

}  // namespace

std::span<const ${NAME}_File> ${NAME}() { return kFiles; }

}  // namespace intentgate::embedded
")
