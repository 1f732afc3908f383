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
mlp_status mlp_python_predict(const mlp_network *, size_t rows, size_t features,
                              int type, const void *values, void *outputs);
"""

# For a single row Python's own work is most of the time: here the struct is
# made on the stack.
SOURCE = """
#include <stdlib.h>

static mlp_status mlp_python_predict(const mlp_network *network, size_t rows,
                                     size_t features, int type,
                                     const void *values, void *outputs)
{
    const mlp_samples samples = {.rows = rows,
                                 .features = features,
                                 .type = (mlp_sample_type)type,
                                 .values = values};
    return mlp_network_predict(network, &samples, (float *)outputs, NULL);
}
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
        [f'#include "mlp/{name}"' for name in names] + [SOURCE]))
    ffi.emit_c_code(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
