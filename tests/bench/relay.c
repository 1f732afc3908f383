/** @file
 *  A network switch in user space that delays frames, for kernels without
 *  tc-netem.
 *
 *      relay DELAY_US RATE_MBIT PORT...
 *
 *  PORT i, from 1, is a network interface to the host with the address
 *  02:00:00:00:00:0i. A frame is sent DELAY_US after all earlier frames to the
 *  same host have been sent at the rate. The kernel passes frames of up to 64
 *  KiB, before segmentation: some 20,000 a second at 10 Gbit/s.
 */
#define _GNU_SOURCE /* ppoll */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum {
    PORTS_MAX = 9,
    QUEUE_MAX = 16 << 20, /* bytes to one host; later frames are dropped */
    FRAME_MAX = 70000,
    BURST = 32, /* frames from one port before the next port */
    BUFFER = 32 << 20,
    EACH_PACKET = 24 /* preamble, checksum and gap, as bytes */
};

typedef struct frame {
    struct frame *next;
    double due; /* seconds */
    size_t size;
    unsigned char bytes[];
} frame;

typedef struct {
    int socket;
    frame *first, **end;
    double free_at; /* when the cable is free again */
    size_t queued;  /* bytes */
} port;

static port ports[PORTS_MAX];
static size_t port_count;
static double delay_seconds, bytes_per_second;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Bytes of a frame on the wire, with the overhead of its packets. */
static double wire_bytes(const unsigned char *bytes, size_t size)
{
    struct virtio_net_hdr header;
    memcpy(&header, bytes, sizeof header);
    size_t payload = size - sizeof header;
    size_t packets = 1;
    if (header.gso_type != 0 && header.gso_size > 0) {
        packets =
            (payload - header.hdr_len + header.gso_size - 1) / header.gso_size;
    }
    return (double)(payload + packets * EACH_PACKET +
                    (packets - 1) * header.hdr_len);
}

static void enqueue(port *to, const unsigned char *bytes, size_t size,
                    double time)
{
    frame *late =
        to->queued + size <= QUEUE_MAX ? malloc(sizeof *late + size) : NULL;
    if (late == NULL) {
        return; /* dropped: TCP retransmits it */
    }
    double start = time > to->free_at ? time : to->free_at;
    to->free_at = start + wire_bytes(bytes, size) / bytes_per_second;
    late->next = NULL;
    late->due = to->free_at + delay_seconds;
    late->size = size;
    memcpy(late->bytes, bytes, size);
    *to->end = late;
    to->end = &late->next;
    to->queued += size;
}

/* Forward to the host of the address, or to all others. */
static void switch_frame(size_t from, const unsigned char *bytes, size_t size)
{
    const unsigned char *address = bytes + sizeof(struct virtio_net_hdr);
    double time = now();
    for (size_t i = 0; i < port_count; i++) {
        int is_to_all = address[0] & 1;
        if (i != from &&
            (is_to_all || (address[0] == 2 && address[5] == i + 1))) {
            enqueue(&ports[i], bytes, size, time);
        }
    }
}

static void receive(size_t from)
{
    static unsigned char bytes[FRAME_MAX];
    for (int i = 0; i < BURST; i++) {
        ssize_t size = recv(ports[from].socket, bytes, sizeof bytes, 0);
        if (size < (ssize_t)(sizeof(struct virtio_net_hdr) + ETH_HLEN)) {
            return;
        }
        switch_frame(from, bytes, (size_t)size);
    }
}

/* Send what is due; returns when the next one is. */
static double send_due(port *p, double time)
{
    while (p->first != NULL && p->first->due <= time) {
        frame *sent = p->first;
        if (send(p->socket, sent->bytes, sent->size, 0) < 0 &&
            (errno == EAGAIN || errno == ENOBUFS)) {
            return time + 20e-6;
        }
        p->queued -= sent->size;
        p->first = sent->next;
        if (p->first == NULL) {
            p->end = &p->first;
        }
        free(sent);
    }
    return p->first != NULL ? p->first->due : time + 1;
}

static int open_port(port *p, const char *name)
{
    int yes = 1, buffer = BUFFER;
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex(name)};
    p->end = &p->first;
    p->socket = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
    if (p->socket < 0) {
        return -1;
    }
    setsockopt(p->socket, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    setsockopt(p->socket, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
    if (setsockopt(p->socket, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof yes) ||
        setsockopt(p->socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes,
                   sizeof yes)) {
        return -1;
    }
    return bind(p->socket, (struct sockaddr *)&address, sizeof address);
}

static void serve(void)
{
    struct pollfd polled[PORTS_MAX];
    double time = now();
    double next = time + 1;
    for (size_t i = 0; i < port_count; i++) {
        double due = send_due(&ports[i], time);
        next = due < next ? due : next;
        polled[i] = (struct pollfd){ports[i].socket, POLLIN, 0};
    }
    double left = next - now();
    struct timespec rest = {0, (long)(1e9 * (left > 0 ? left : 0))};
    if (rest.tv_nsec >= 1000000000) {
        rest.tv_nsec = 999999999;
    }
    if (ppoll(polled, port_count, &rest, NULL) <= 0) {
        return;
    }
    for (size_t i = 0; i < port_count; i++) {
        if (polled[i].revents != 0) {
            receive(i);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc - 3 > PORTS_MAX) {
        fprintf(stderr, "usage: relay DELAY_US RATE_MBIT PORT...\n");
        return 64;
    }
    delay_seconds = 1e-6 * strtod(argv[1], NULL);
    bytes_per_second = 1e6 / 8 * strtod(argv[2], NULL);
    port_count = (size_t)argc - 3;
    for (size_t i = 0; i < port_count; i++) {
        if (open_port(&ports[i], argv[3 + i]) != 0) {
            perror(argv[3 + i]);
            return 74;
        }
    }
    struct sched_param first = {.sched_priority = 1};
    prctl(PR_SET_TIMERSLACK, 1UL);
    if (sched_setscheduler(0, SCHED_FIFO, &first) != 0) {
        perror("relay: frames will come less in time");
    }
    for (;;) {
        serve();
    }
}
