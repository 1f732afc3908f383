# Convert a file to C source, to embed it in the library:
#
#     cmake -D INPUT=file -D OUTPUT=file.c -D NAME=identifier -P embed.cmake
#
# defines `const unsigned char NAME[]`, with a NUL after the bytes, so that a
# text is a string, and `const size_t NAME_size`, without the NUL.
file(READ ${INPUT} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n"
  bytes "${bytes}")
get_filename_component(input_name ${INPUT} NAME)
file(WRITE ${OUTPUT} "/* Made from ${input_name} by embed.cmake. */
#include <stddef.h>

extern const unsigned char ${NAME}[];
extern const size_t ${NAME}_size;

const unsigned char ${NAME}[] = {
${bytes}0x00};
const size_t ${NAME}_size = ${size};
")
