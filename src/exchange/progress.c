/** @file
 *  What is in flight between node teams, while they compute. Each layer's
 *  gradient, each round of the columns' values, and the shard metrics are a
 *  flow each, and go through their transfers independently of the others.
 *
 *  Only thread 0 may call MPI, which may progress only when called. It does so
 *  between parts of its own work (progress), and continuously when it has
 *  nothing else to do (wait_for). Sums of MPI must begin in one order on all
 *  ranks, whichever is ready first: that of the flows.
 */
#include <sched.h>

#include "base/clock.h"

#include "internal.h"

/* Polls before the core is yielded to other threads. */
enum { SPINS = 200 };

/* ---- transfers --------------------------------------------------------- */

mlp_status mlp_exchange_plan_transfer(mlp_exchange *x, size_t transfer,
                                      const mlp_lane *lanes)
{
    x->sent_bytes[transfer] = x->sent_messages[transfer] = 0;
    for (size_t node = 0; node < x->place->nodes; node++) {
        size_t sent = node != x->place->node ? lanes[node].sent : 0;
        x->sent_bytes[transfer] += sent;
        x->sent_messages[transfer] += sent > 0;
    }
    return mlp_transfers_plan(x->transfers, transfer, lanes);
}

void mlp_exchange_check(const mlp_exchange *x, mlp_status status)
{
    if (status != MLP_OK) {
        mlp_comm_abort(x->comm, status);
    }
}

static void begin_transfer(mlp_exchange *x, size_t i)
{
    if (x->in_flight++ == 0) {
        x->since = mlp_clock_seconds();
    }
    x->traffic.sent_bytes += x->sent_bytes[i];
    x->traffic.sent_messages += x->sent_messages[i];
    mlp_exchange_check(x, mlp_transfers_begin(x->transfers, i));
}

/* Seconds up to now with a transfer in flight. */
static double active_seconds(const mlp_exchange *x)
{
    double now = x->in_flight > 0 ? mlp_clock_seconds() - x->since : 0.0;
    return x->traffic.active_seconds + now;
}

static bool is_complete(mlp_exchange *x, size_t i)
{
    bool is_over = false;
    mlp_exchange_check(x, mlp_transfers_test(x->transfers, i, &is_over));
    if (is_over) {
        x->traffic.active_seconds = active_seconds(x);
        x->since = mlp_clock_seconds();
        x->in_flight--;
    }
    return is_over;
}

/* ---- flows ------------------------------------------------------------- */

/* Complete what the next transfer of flow i sends. */
static void prepare_transfer(mlp_exchange *x, size_t i)
{
    bool is_mpi = x->shape.kind == MLP_EXCHANGE_MPI;
    size_t layers = x->shape.layers;
    if (i < layers && is_mpi) {
        mlp_exchange_mpi_sum(x, i);
    } else if (i < layers) {
        mlp_exchange_tree_sum(x, i, x->flows[i].stage);
    } else if (is_mpi) { /* which has no columns */
        mlp_exchange_mpi_clear_metrics(x);
    }
}

/* Of MPI's sums: layers from the last one to the first, then the metrics. */
static bool may_begin(mlp_exchange *x, size_t i)
{
    if (x->shape.kind != MLP_EXCHANGE_MPI) {
        return true;
    }
    size_t metrics = x->flow_count - 1;
    if (x->next != i) {
        return false;
    }
    x->next = i == metrics ? x->shape.layers - 1 : i > 0 ? i - 1 : metrics;
    return true;
}

/* Advance flow i by one transfer, if the current one is complete. */
static void progress_flow(mlp_exchange *x, size_t i)
{
    mlp_flow *f = &x->flows[i];
    uint32_t turn = f->stages > 0 ? mlp_gate_ticket(f->done) : 0;
    if (f->stages == 0) {
        return;
    }
    if (f->stage == 0) {
        if (!mlp_gate_has_passed(f->ready, turn) || !may_begin(x, i)) {
            return;
        }
    } else if (!is_complete(x, mlp_flow_transfer(f, f->stage - 1, turn))) {
        return;
    }
    if (f->stage == f->stages) {
        f->stage = 0;
        mlp_gate_arrive(f->done, 1);
        return;
    }
    prepare_transfer(x, i);
    begin_transfer(x, mlp_flow_transfer(f, f->stage++, turn));
}

static void progress_all(mlp_exchange *x)
{
    for (size_t i = x->flow_count; i-- > 0;) {
        progress_flow(x, i);
    }
}

/* ---- thread 0 ---------------------------------------------------------- */

void mlp_exchange_progress(mlp_exchange *exchange, mlp_thread self)
{
    if (self.index == 0 && exchange->transfers != NULL) {
        progress_all(exchange);
    }
}

static void progress_until(mlp_exchange *x, const mlp_gate *gate,
                           uint32_t ticket)
{
    double before = active_seconds(x);
    for (int spins = 0; !mlp_gate_has_passed(gate, ticket); spins++) {
        progress_all(x);
        if (spins >= SPINS) {
            sched_yield();
        }
    }
    x->traffic.exposed_seconds += active_seconds(x) - before;
}

void mlp_exchange_wait_for(mlp_exchange *x, const mlp_flow *flow, uint32_t turn,
                           mlp_thread self)
{
    bool waits = self.index == 0 && !mlp_gate_has_passed(flow->over, turn);
    if (waits) {
        mlp_pulse_wait(mlp_comm_pulse(x->comm), true);
    }
    if (waits && x->transfers != NULL) {
        progress_until(x, flow->over, turn);
    }
    mlp_gate_wait(flow->over, turn);
    if (waits) {
        mlp_pulse_wait(mlp_comm_pulse(x->comm), false);
    }
}

mlp_exchange_traffic mlp_exchange_traffic_of(const mlp_exchange *exchange)
{
    return exchange->traffic;
}
