/** @file
 *  Loads each rank's rows into memory, or, if they exceed --memory-limit, opens
 *  them to be read ahead of use.
 */
#include <inttypes.h>

#include "base/log.h"
#include "team/place.h"

#include "internal.h"

enum { SPLITS = 3 }; /* training, validation, test */

/* A split, and where its rows go. */
typedef struct {
    mlp_sharded *sharded;
    mlp_split split;
} part;

static mlp_range owned_shards(const mlp_run_job *job)
{
    return mlp_place_rank_shards(mlp_comm_where(job->comm),
                                 mlp_comm_rank(job->comm), job->config.shards);
}

/* The rows of this rank's shards, as a range of the split. */
static mlp_range rows_here(const mlp_run_job *job, const part *of)
{
    return mlp_range_parts(of->sharded->rows, job->config.shards,
                           owned_shards(job));
}

static void find_parts(mlp_run_data *data, part parts[SPLITS])
{
    const mlp_source_info *info = mlp_source_facts(data->source);
    parts[0] = (part){&data->train, MLP_SPLIT_TRAIN};
    parts[1] = (part){&data->validation, MLP_SPLIT_VALIDATION};
    parts[2] = (part){&data->test, MLP_SPLIT_TEST};
    for (size_t i = 0; i < SPLITS; i++) {
        parts[i].sharded->rows = info->rows[parts[i].split];
    }
}

/* ---- memory ------------------------------------------------------------ */

/* Bytes of this rank's rows: features; and what stays in memory in any case,
 * labels and the shuffled order. */
static void count_bytes(const mlp_run_job *job, const mlp_run_data *data,
                        const part parts[SPLITS], uint64_t *features,
                        uint64_t *kept)
{
    *features = 0;
    *kept = rows_here(job, &parts[0]).count * sizeof(uint32_t);
    for (size_t i = 0; i < SPLITS; i++) {
        uint64_t rows = rows_here(job, &parts[i]).count;
        *features += rows * mlp_dataset_row_bytes(data->source);
        *kept += rows * mlp_dataset_kept_bytes(data->source, parts[i].split);
    }
}

/* Create a reader whose windows use the rest of --memory-limit. */
static mlp_status create_reader(const mlp_run_job *job, mlp_run_data *data,
                                uint64_t features, uint64_t kept)
{
    const mlp_config *config = &job->config;
    size_t row_bytes = mlp_dataset_row_bytes(data->source);
    size_t most = mlp_trainer_rows_at_most(config, owned_shards(job).count);
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
    MLP_TRY(mlp_reader_create((size_t)room, row_bytes, most, &data->reader));
    mlp_log_note("--memory-limit: %" PRIu64
                 " bytes of rows stay in files; memory has two windows of %zu "
                 "of the rank's rows",
                 features, mlp_reader_room(data->reader));
    return MLP_OK;
}

static mlp_status limit_memory(const mlp_run_job *job, mlp_run_data *data,
                               const part parts[SPLITS])
{
    uint64_t features, kept;
    count_bytes(job, data, parts, &features, &kept);
    return job->config.memory_limit == 0 ||
                   features + kept <= job->config.memory_limit
               ? MLP_OK
               : create_reader(job, data, features, kept);
}

/* ---- rows -------------------------------------------------------------- */

/* Of a table that the ranks have read jointly, each fetches its rows.
 * Collective. */
static mlp_status fetch_rows(const mlp_run_job *job, mlp_run_data *data,
                             const part parts[SPLITS])
{
    mlp_source_part wanted[SPLITS];
    for (size_t i = 0; i < SPLITS; i++) {
        mlp_range rows = rows_here(job, &parts[i]);
        wanted[i] = (mlp_source_part){parts[i].split, rows.first, rows.count};
    }
    return mlp_source_fetch(data->source, wanted, SPLITS);
}

static mlp_status take_rows(const mlp_run_job *job, mlp_run_data *data,
                            const part parts[SPLITS])
{
    for (size_t i = 0; i < SPLITS; i++) {
        mlp_range rows = rows_here(job, &parts[i]);
        mlp_sharded *to = parts[i].sharded;
        to->shards = owned_shards(job);
        MLP_TRY(data->reader == NULL
                    ? mlp_dataset_load(data->source, parts[i].split, rows,
                                       &to->here)
                    : mlp_dataset_open(data->source, parts[i].split, rows,
                                       data->reader, &to->here));
    }
    return MLP_OK;
}

mlp_status mlp_run_load_rows(const mlp_run_job *job, mlp_run_data *data)
{
    part parts[SPLITS];
    find_parts(data, parts);
    MLP_TRY(mlp_comm_agree(job->comm, limit_memory(job, data, parts)));
    MLP_TRY(fetch_rows(job, data, parts));
    return mlp_comm_agree(job->comm, take_rows(job, data, parts));
}

mlp_status mlp_run_log_reading(const mlp_run_job *job, const mlp_run_data *data)
{
    enum { PER_SECOND = 1000000 };
    if (job->config.memory_limit == 0) {
        return MLP_OK;
    }
    bool is_reading = data->reader != NULL;
    double waited = is_reading ? mlp_reader_waited(data->reader) : 0.0;
    uint64_t most[] = {(uint64_t)(waited * PER_SECOND), is_reading};
    MLP_TRY(mlp_comm_max(job->comm, most, 2));
    if (most[1] > 0) {
        mlp_log_note("--memory-limit: a rank waited for rows from files for "
                     "%.3f s at most",
                     (double)most[0] / PER_SECOND);
    }
    return MLP_OK;
}

void mlp_run_drop_rows(mlp_run_data *data)
{
    mlp_dataset_destroy(&data->train.here);
    mlp_dataset_destroy(&data->validation.here);
    mlp_dataset_destroy(&data->test.here);
    mlp_reader_destroy(&data->reader);
}
