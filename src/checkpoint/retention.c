/** @file
 *  A directory of checkpoints: commit one, delete old ones, find the newest
 *  valid one. There is no pointer to the newest, which could be torn or stale:
 *  the names have the order.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "checkpoint.h"
#include "file.h"
#include "names.h"
#include "optim/early_stopping.h"
#include "seal.h"
#include "system/files.h"

static mlp_status path_of(const char *directory, mlp_checkpoint_name name,
                          char path[MLP_MAX_PATH])
{
    char text[MLP_NAME_BYTES];
    mlp_checkpoint_name_format(name, text);
    return mlp_path_join(directory, text, path);
}

static mlp_status fail_io(const char *path, const char *verb)
{
    return mlp_fail(MLP_ERROR_IO, "%s: cannot %s: %s", path, verb,
                    strerror(errno));
}

/* ----------------------------------------------------------- retention */

/* A score, larger is better; -INFINITY when there is none. */
static const double NO_SCORE = (double)-INFINITY;

/* There is none without validation rows: test rows choose nothing. */
static double score_of(const mlp_config *config, const mlp_epoch_record *record)
{
    const mlp_tally *tally = &record->validation;
    if (tally->rows == 0) {
        return NO_SCORE;
    }
    double score = config->monitor != MLP_METRIC_LOSS
                       ? mlp_monitored(config, tally)
                       : mlp_tally_score(tally);
    return isnan(score) ? NO_SCORE : score;
}

/* A checkpoint's score by the history; none when it was not made at the end of
 * an epoch. */
static double score_by_history(const mlp_checkpoint *saved,
                               mlp_checkpoint_name name)
{
    const mlp_history *history = &saved->history;
    for (size_t i = 0; i < history->count; i++) {
        const mlp_epoch_record *record = &history->records[i];
        if (record->epoch == name.epoch && record->step == name.step) {
            return score_of(&saved->config, record);
        }
    }
    return NO_SCORE;
}

bool mlp_checkpoint_is_best(const mlp_config *config,
                            const mlp_history *history)
{
    double best_before = NO_SCORE;
    for (size_t i = 0; i + 1 < history->count; i++) {
        double score = score_of(config, &history->records[i]);
        best_before = score > best_before ? score : best_before;
    }
    return history->count > 0 &&
           score_of(config, &history->records[history->count - 1]) >
               best_before;
}

/* Index in the list of the best one; the list's count when there is none. The
 * oldest wins a tie, so that the best does not change. */
static size_t find_best(const mlp_checkpoint_list *list,
                        const mlp_checkpoint *saved)
{
    size_t best = list->count;
    double best_score = NO_SCORE;
    for (size_t i = list->count; i-- > 0;) {
        double score = score_by_history(saved, list->names[i]);
        if (score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

/* Remove from the list what is not a checkpoint of this project, or is newer
 * than the one just saved, and so of a longer run. */
static mlp_status filter_list(const char *directory,
                              const mlp_checkpoint *saved,
                              mlp_checkpoint_list *list)
{
    size_t ours = 0;
    for (size_t i = 0; i < list->count; i++) {
        mlp_checkpoint_name name = list->names[i];
        bool is_newer = name.step > saved->step ||
                        (name.step == saved->step && name.epoch > saved->epoch);
        char path[MLP_MAX_PATH];
        MLP_TRY(path_of(directory, name, path));
        if (!is_newer && mlp_seal_is_ours(path)) {
            list->names[ours++] = name;
        }
    }
    list->count = ours;
    return MLP_OK;
}

static mlp_status delete_old(const char *directory, size_t keep,
                             const mlp_checkpoint *saved,
                             const mlp_checkpoint_list *list)
{
    size_t best = find_best(list, saved);
    for (size_t i = keep; i < list->count; i++) {
        char path[MLP_MAX_PATH];
        MLP_TRY(path_of(directory, list->names[i], path));
        if (i != best && unlink(path) != 0) {
            mlp_log_warning("%s: cannot remove: %s", path, strerror(errno));
        }
    }
    return MLP_OK;
}

static mlp_status retain(const char *directory, size_t keep,
                         const mlp_checkpoint *checkpoint)
{
    mlp_checkpoint_list list;
    MLP_TRY(mlp_checkpoint_list_read(directory, &list));
    mlp_status status = filter_list(directory, checkpoint, &list);
    if (status == MLP_OK) {
        status = delete_old(directory, keep > 0 ? keep : 1, checkpoint, &list);
    }
    mlp_checkpoint_list_destroy(&list);
    return status;
}

/* -------------------------------------------------------------- commit */

/* A rename is durable when its directory is. File systems that cannot sync a
 * directory (EINVAL) make renames durable by themselves. */
static mlp_status sync_directory(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fail_io(directory, "open");
    }
    mlp_status status = MLP_OK;
    if (fsync(fd) != 0 && errno != EINVAL) {
        status = fail_io(directory, "sync");
    }
    close(fd);
    return status;
}

static mlp_status commit(const char *directory, const char *temporary,
                         const char *path, const mlp_checkpoint *checkpoint,
                         unsigned char *digest)
{
    mlp_status status = mlp_checkpoint_write(temporary, checkpoint, digest);
    if (status == MLP_OK && rename(temporary, path) != 0) {
        status = fail_io(path, "rename to");
    }
    if (status != MLP_OK) {
        unlink(temporary);
        return status;
    }
    return sync_directory(directory);
}

mlp_status mlp_checkpoint_save(const char *directory, size_t keep,
                               const mlp_checkpoint *checkpoint,
                               unsigned char digest[MLP_DIGEST_BYTES],
                               char *path)
{
    char name[MLP_NAME_BYTES], hidden[MLP_NAME_BYTES];
    char temporary[MLP_MAX_PATH], final[MLP_MAX_PATH];
    mlp_checkpoint_name_format(
        (mlp_checkpoint_name){checkpoint->epoch, checkpoint->step}, name);
    mlp_temporary_name_format(name, hidden);
    MLP_TRY(mlp_path_join(directory, hidden, temporary));
    MLP_TRY(mlp_path_join(directory, name, final));
    MLP_TRY(commit(directory, temporary, final, checkpoint, digest));
    if (path != NULL) {
        snprintf(path, MLP_MAX_PATH, "%s", final);
    }
    if (retain(directory, keep, checkpoint) != MLP_OK) {
        mlp_log_warning("old checkpoints stay: %s", mlp_failure());
    }
    return MLP_OK;
}

/* -------------------------------------------------------------- newest */

mlp_status mlp_checkpoint_expect(const char *directory)
{
    struct stat facts;
    return stat(directory, &facts) == 0 || errno != ENOENT
               ? MLP_OK
               : mlp_fail(MLP_ERROR_MISSING, "%s: there is no such directory",
                          directory);
}

mlp_status mlp_checkpoint_refuse_used(const char *directory)
{
    mlp_checkpoint_list list;
    mlp_status status = MLP_OK;
    MLP_TRY(mlp_checkpoint_list_read(directory, &list));
    if (list.count > 0) {
        char newest[MLP_NAME_BYTES];
        mlp_checkpoint_name_format(list.names[0], newest);
        status = mlp_fail(MLP_ERROR_USAGE,
                          "%s: holds %s of an earlier run: go on from it with "
                          "--resume, or name another directory",
                          directory, newest);
    }
    mlp_checkpoint_list_destroy(&list);
    return status;
}

/* Try the listed files in turn. Without memory an older one would fail, too;
 * any other error belongs to that file. */
static mlp_status load_first_valid(const char *directory,
                                   const mlp_checkpoint_list *list,
                                   mlp_checkpoint *checkpoint, char *path)
{
    char newest_fault[MLP_FAILURE_MAX];
    for (size_t i = 0; i < list->count; i++) {
        MLP_TRY(path_of(directory, list->names[i], path));
        mlp_status status = mlp_checkpoint_load(path, checkpoint);
        if (status == MLP_OK || status == MLP_ERROR_INTERNAL) {
            return status;
        }
        if (i == 0) {
            snprintf(newest_fault, sizeof newest_fault, "%s", mlp_failure());
        }
        if (i + 1 < list->count) {
            char next[MLP_NAME_BYTES];
            mlp_checkpoint_name_format(list->names[i + 1], next);
            mlp_log_warning("%s; trying %s instead", mlp_failure(), next);
        }
    }
    path[0] = '\0';
    return mlp_fail(MLP_ERROR_DATA, "no checkpoint of %zu is valid; newest: %s",
                    list->count, newest_fault);
}

mlp_status mlp_checkpoint_load_newest(const char *directory,
                                      mlp_checkpoint *checkpoint, char *path)
{
    mlp_checkpoint_list list;
    path[0] = '\0';
    *checkpoint = (mlp_checkpoint){0};
    MLP_TRY(mlp_checkpoint_expect(directory));
    MLP_TRY(mlp_checkpoint_list_read(directory, &list));
    mlp_status status = MLP_OK;
    if (list.count > 0) {
        status = load_first_valid(directory, &list, checkpoint, path);
    }
    mlp_checkpoint_list_destroy(&list);
    return status;
}

mlp_status mlp_checkpoint_open(const char *path, mlp_checkpoint *checkpoint,
                               char *found)
{
    struct stat facts;
    if (stat(path, &facts) != 0) {
        return mlp_fail_open(path);
    }
    if (!S_ISDIR(facts.st_mode)) {
        snprintf(found, MLP_MAX_PATH, "%s", path);
        return mlp_checkpoint_load(path, checkpoint);
    }
    MLP_TRY(mlp_checkpoint_load_newest(path, checkpoint, found));
    return found[0] != '\0'
               ? MLP_OK
               : mlp_fail(MLP_ERROR_MISSING, "%s: has no checkpoint", path);
}
