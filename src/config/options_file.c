/** @file
 *  Reads the --config file with libinih.
 */
#include "options_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"

enum { FILE_BYTES_MAX = 1 << 20 };

/* State of reading. inih continues after an error. */
typedef struct {
    const char *path;
    FILE *stream;
    int line;
    mlp_config *config;
    mlp_status status; /* of reading: the rest of the file is not read */
    mlp_faults faults; /* of lines */
} ini_file;

static mlp_status fail_at(const ini_file *file, const char *why)
{
    return mlp_fail(MLP_ERROR_USAGE, "%s:%d: %s", file->path, file->line, why);
}

static mlp_status fail_io(const char *path)
{
    return mlp_fail(MLP_ERROR_IO, "--config: %s: cannot be read: %s", path,
                    strerror(errno));
}

/* Remove indentation, which inih takes for a continued value, and comments with
 * '#' after a value, which inih does not know. */
static void simplify(char *line)
{
    size_t blanks = strspn(line, " \t");
    memmove(line, line + blanks, strlen(line + blanks) + 1);
    for (char *mark = strchr(line, '#'); mark != NULL;
         mark = strchr(mark + 1, '#')) {
        if (mark == line || mark[-1] == ' ' || mark[-1] == '\t') {
            *mark = '\0';
            return;
        }
    }
}

/* Read one line, as fgets; called by inih. */
static char *read_line(char *line, int size, void *user)
{
    ini_file *file = user;
    if (file->status != MLP_OK || fgets(line, size, file->stream) == NULL) {
        return NULL;
    }
    file->line++;
    if (strchr(line, '\n') == NULL && !feof(file->stream)) {
        file->status = fail_at(file, "the line is too long, or is not text");
        return NULL;
    }
    simplify(line);
    if (line[0] == '[') {
        file->status = fail_at(file, "sections are not supported");
        return NULL;
    }
    return line;
}

static mlp_status set_pair(ini_file *file, const char *name, const char *value)
{
    char before[MLP_MAX_PATH + 32];
    if (mlp_config_find(name) != NULL) {
        return mlp_config_set(file->config, name, value) == MLP_OK
                   ? MLP_OK
                   : fail_at(file, mlp_failure());
    }
    snprintf(before, sizeof before, "%s:%d: ", file->path, file->line);
    const mlp_option_table table = mlp_config_table(file->config);
    return mlp_option_unknown(&table, 1, before, name, NULL);
}

static int take_pair(void *user, const char *section, const char *name,
                     const char *value)
{
    (void)section;
    ini_file *file = user;
    if (file->status == MLP_OK) {
        mlp_faults_add(&file->faults, set_pair(file, name, value));
    }
    return 1;
}

static mlp_status parse(ini_file *file)
{
    int bad_line = ini_parse_stream(read_line, file, take_pair, file);
    if (file->status != MLP_OK) {
        return file->status;
    }
    if (ferror(file->stream)) {
        return fail_io(file->path);
    }
    if (bad_line != 0) {
        file->line = bad_line;
        mlp_faults_add(&file->faults,
                       fail_at(file, "is not of the form name = value"));
    }
    return mlp_faults_end(&file->faults);
}

/* Open without blocking, as a FIFO may have no writer. */
static mlp_status open_regular(const char *path, FILE **stream)
{
    struct stat facts;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return mlp_fail(MLP_ERROR_MISSING, "--config: %s: %s", path,
                        strerror(errno));
    }
    if (fstat(fd, &facts) != 0) {
        close(fd);
        return fail_io(path);
    }
    bool is_regular = S_ISREG(facts.st_mode);
    if (!is_regular || facts.st_size > FILE_BYTES_MAX) {
        close(fd);
        return mlp_fail(MLP_ERROR_USAGE, "--config: %s: %s", path,
                        is_regular ? "is larger than 1 MiB"
                                   : "is not a regular file");
    }
    *stream = fdopen(fd, "r");
    if (*stream == NULL) {
        close(fd);
        return mlp_fail_memory("the configuration file");
    }
    return MLP_OK;
}

mlp_status mlp_options_file(const char *path, mlp_config *config)
{
    ini_file file = {.path = path, .config = config, .status = MLP_OK};
    MLP_TRY(open_regular(path, &file.stream));
    mlp_status status = parse(&file);
    fclose(file.stream);
    return status;
}
