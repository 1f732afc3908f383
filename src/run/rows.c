/** @file
 *  The chapter of a run in which each rank gets its rows: into memory, or, if
 *  that is more than --memory-limit allows, ready to be read ahead of use.
 */
#include <inttypes.h>

#include "base/log.h"
#include "team/place.h"

#include "internal.h"

enum { SPLITS = 3 }; /* training, validation, test */

/* A split of the run, which may be part of one of the source's. */
typedef struct {
    mlp_sharded *sharded;
    mlp_split split;
    size_t first, rows;
} part;

static mlp_range owned_shards(const mlp_run_parts *run)
{
    return mlp_place_rank_shards(mlp_comm_where(run->comm),
                                 mlp_comm_rank(run->comm), run->config.shards);
}

/* The rows of this rank's shards, counted in the source's split. */
static mlp_range rows_here(const mlp_run_parts *run, const part *of)
{
    mlp_range shards = owned_shards(run);
    size_t begin =
        mlp_range_part(of->rows, run->config.shards, shards.first).first;
    mlp_range last = mlp_range_part(of->rows, run->config.shards,
                                    shards.first + shards.count - 1);
    return (mlp_range){of->first + begin, last.first + last.count - begin};
}

/* Who asks for validation rows gets some, or is told: what goes by them would
 * go by the training rows. */
static mlp_status check_held(const mlp_run_parts *run, size_t rows, size_t held)
{
    double fraction = run->config.validation;
    const char *name = mlp_source_facts(run->source)->name;
    if (held == 0 && fraction > 0.0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--validation %g of the %zu training rows of %s is "
                        "less than a row",
                        fraction, rows, name);
    }
    return held < rows ? MLP_OK
                       : mlp_fail(MLP_ERROR_DATA,
                                  "%s: has %zu training rows, none left "
                                  "beside the validation rows",
                                  name, rows);
}

static mlp_status find_parts(mlp_run_parts *run, part parts[SPLITS])
{
    const mlp_source_info *info = mlp_source_facts(run->source);
    size_t rows = info->rows[MLP_SPLIT_TRAIN];
    size_t held = (size_t)(run->config.validation * (double)rows);
    parts[0] = (part){&run->train, MLP_SPLIT_TRAIN, 0, rows - held};
    parts[1] = (part){&run->validation, MLP_SPLIT_TRAIN, rows - held, held};
    parts[2] =
        (part){&run->test, MLP_SPLIT_TEST, 0, info->rows[MLP_SPLIT_TEST]};
    return check_held(run, rows, held);
}

/* ---- memory ------------------------------------------------------------ */

/* Bytes of this rank's rows: of their features, and of what is in memory in
 * any case, labels and the order in which training takes them. */
static void count_bytes(const mlp_run_parts *run, const part parts[SPLITS],
                        uint64_t *features, uint64_t *kept)
{
    *features = 0;
    *kept = rows_here(run, &parts[0]).count * sizeof(uint32_t);
    for (size_t i = 0; i < SPLITS; i++) {
        uint64_t rows = rows_here(run, &parts[i]).count;
        *features += rows * mlp_dataset_row_bytes(run->source);
        *kept += rows * mlp_dataset_kept_bytes(run->source);
    }
}

/* The windows get what the limit leaves. */
static mlp_status create_reader(mlp_run_parts *run, uint64_t features,
                                uint64_t kept)
{
    const mlp_config *config = &run->config;
    size_t row_bytes = mlp_dataset_row_bytes(run->source);
    size_t most = mlp_trainer_rows_at_most(config, owned_shards(run).count);
    uint64_t least = kept + mlp_reader_least(row_bytes, most);
    if (config->memory_limit < least) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--memory-limit %" PRIu64
                        " is too low: this rank needs %" PRIu64
                        " bytes, for labels, order and twice %zu rows at a "
                        "time; raise it%s",
                        config->memory_limit, least, most,
                        config->batch > most ? ", or use more ranks" : "");
    }
    uint64_t room = config->memory_limit - kept;
    MLP_TRY(mlp_reader_create((size_t)room, row_bytes, most, &run->reader));
    mlp_log_note("--memory-limit: %" PRIu64
                 " bytes of rows stay in files; memory has two windows of %zu "
                 "of the rank's rows",
                 features, mlp_reader_room(run->reader));
    return MLP_OK;
}

static mlp_status limit_memory(mlp_run_parts *run, const part parts[SPLITS])
{
    uint64_t features, kept;
    count_bytes(run, parts, &features, &kept);
    return run->config.memory_limit == 0 ||
                   features + kept <= run->config.memory_limit
               ? MLP_OK
               : create_reader(run, features, kept);
}

/* ---- rows -------------------------------------------------------------- */

mlp_status mlp_run_load_rows(mlp_run_parts *run)
{
    part parts[SPLITS];
    MLP_TRY(find_parts(run, parts));
    MLP_TRY(limit_memory(run, parts));
    for (size_t i = 0; i < SPLITS; i++) {
        mlp_range rows = rows_here(run, &parts[i]);
        mlp_sharded *to = parts[i].sharded;
        to->first = parts[i].first;
        to->rows = parts[i].rows;
        to->shards = owned_shards(run);
        MLP_TRY(
            run->reader == NULL
                ? mlp_dataset_load(run->source, parts[i].split, rows, &to->here)
                : mlp_dataset_open(run->source, parts[i].split, rows,
                                   run->reader, &to->here));
    }
    return MLP_OK;
}

mlp_status mlp_run_tell_reading(mlp_run_parts *run)
{
    enum { PER_SECOND = 1000000 };
    if (run->config.memory_limit == 0) {
        return MLP_OK;
    }
    bool is_reading = run->reader != NULL;
    double waited = is_reading ? mlp_reader_waited(run->reader) : 0.0;
    uint64_t most[] = {(uint64_t)(waited * PER_SECOND), is_reading};
    MLP_TRY(mlp_comm_max(run->comm, most, 2));
    if (most[1] > 0) {
        mlp_log_note("--memory-limit: a rank waited for rows from files for "
                     "%.3f s at most",
                     (double)most[0] / PER_SECOND);
    }
    return MLP_OK;
}

void mlp_run_drop_rows(mlp_run_parts *run)
{
    mlp_dataset_destroy(&run->train.here);
    mlp_dataset_destroy(&run->validation.here);
    mlp_dataset_destroy(&run->test.here);
    mlp_reader_destroy(&run->reader);
}
