"""Write the C source of the extension module mlp._libmlp, with cffi.

Usage: bind.py OUTPUT.c HEADER...

The declarations are those of the headers themselves (include/mlp/mlp.h, and
mlp_mpi.h where the module is built with MPI), so they cannot diverge.
"""
import pathlib
import re
import sys

import cffi

# Python functions that C calls, defined in mlp/_train.py, and what C has.
OTHERS = """
extern "Python" void mlp_python_on_message(void *context, bool is_warning,
                                           const char *line);
void free(void *);
"""


def declarations(header: pathlib.Path) -> str:
    """Return a header's declarations, without comments and directives."""
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.S)
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    return text.replace("MLP_API ", "")


def main(output: str, *headers: str) -> None:
    ffi = cffi.FFI()
    for header in headers:
        ffi.cdef(declarations(pathlib.Path(header)))
    ffi.cdef(OTHERS)
    names = [pathlib.Path(header).name for header in headers]
    ffi.set_source("mlp._libmlp", "\n".join(
        ["#include <stdlib.h>"] + [f'#include "mlp/{name}"' for name in names]))
    ffi.emit_c_code(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
