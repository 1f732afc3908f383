/** @file
 *  Output of results, to standard output or to a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static mlp_status fail_io(const char *name, const char *verb)
{
    return mlp_fail(MLP_ERROR_IO, "%s: cannot be %s: %s", name, verb,
                    strerror(errno));
}

/* A device or a pipe cannot be replaced by a rename. */
static bool is_special(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && !S_ISREG(facts.st_mode);
}

/* Resolve symbolic links, so that the rename does not replace a link. */
static mlp_status name_files(mlp_tool_output *output)
{
    char *real = realpath(output->name, NULL);
    int length = snprintf(output->path, sizeof output->path, "%s",
                          real != NULL ? real : output->name);
    free(real);
    if ((size_t)length >= sizeof output->path ||
        (size_t)snprintf(output->temporary, sizeof output->temporary,
                         "%s.tmp.%ld", output->path,
                         (long)getpid()) >= sizeof output->temporary) {
        return mlp_fail(MLP_ERROR_IO, "%s: the path is too long", output->name);
    }
    return MLP_OK;
}

static mlp_status open_temporary(mlp_tool_output *output)
{
    MLP_TRY(name_files(output));
    int fd =
        open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return fail_io(output->temporary, "made");
    }
    output->file = fdopen(fd, "w");
    if (output->file == NULL) {
        close(fd);
        unlink(output->temporary);
        return mlp_fail_memory("the output");
    }
    return MLP_OK;
}

mlp_status mlp_tool_output_open(const char *path, mlp_tool_output *output)
{
    *output = (mlp_tool_output){.file = stdout, .name = "standard output"};
    if (path == NULL) {
        return MLP_OK;
    }
    output->name = path;
    if (!is_special(path)) {
        return open_temporary(output);
    }
    output->file = fopen(path, "we");
    return output->file != NULL ? MLP_OK : fail_io(path, "opened");
}

mlp_status mlp_tool_output_flush(mlp_tool_output *output)
{
    errno = 0;
    if (fflush(output->file) != 0 || ferror(output->file)) {
        errno =
            errno != 0 ? errno : EIO; /* errno of an earlier write is lost */
        return fail_io(output->name, "written");
    }
    return MLP_OK;
}

static mlp_status close_file(mlp_tool_output *output, mlp_status status)
{
    bool is_file = output->temporary[0] != '\0';
    if (status == MLP_OK && is_file && fsync(fileno(output->file)) != 0) {
        status = fail_io(output->name, "written");
    }
    if (fclose(output->file) != 0 && status == MLP_OK) {
        status = fail_io(output->name, "written");
    }
    output->file = NULL;
    return status;
}

mlp_status mlp_tool_output_close(mlp_tool_output *output, mlp_status status)
{
    if (status == MLP_OK) {
        status = mlp_tool_output_flush(output);
    }
    if (output->file == stdout) {
        return status;
    }
    status = close_file(output, status);
    if (output->temporary[0] == '\0') {
        return status;
    }
    if (status == MLP_OK && rename(output->temporary, output->path) != 0) {
        status = fail_io(output->name, "written");
    }
    if (status != MLP_OK) {
        unlink(output->temporary);
    }
    return status;
}
