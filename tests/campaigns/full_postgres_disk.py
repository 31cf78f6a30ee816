#!/usr/bin/env python3
"""The disk under the PostgreSQL is full while orders come in: nothing is acknowledged that is not written.

The server's directory is a tmpfs in a mount namespace of this campaign's own, filled to the last byte. By turns its tables
cannot grow, which fails statements, and its write-ahead log cannot, of which the server ends; then its operator makes space and
starts it again. The shop's process stays, answers by problems meanwhile, and sells again by itself.
"""

import os
import secrets
import time

import campaign
import demo
import small_disk
from buyers import Buyers, calm
from postgres_server import PostgresServer

# A segment of the log is 16 MB, of which the server likes to keep some.
TMPFS_MB = 512
FULL_SECONDS = 3.0


def main():
    options = campaign.arguments(__doc__, fills=20, clients=8, seed=None)
    if options.backend != "postgres":
        raise campaign.CampaignError("there is no server whose disk could be full: --backend postgres")
    if os.geteuid() != 0:
        raise campaign.CampaignError("a PostgreSQL on a disk that is mounted for it needs root")
    small_disk.in_a_namespace_of_its_own()
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    postgres = PostgresServer(TMPFS_MB)
    try:
        postgres.start()
        os.environ["BANYAN_TEST_POSTGRES_URL"] = postgres.url
        with campaign.running_server(options, demo.ON) as (server, _work):
            shop_on(options, postgres, server, seed)
    finally:
        postgres.stop()


def shop_on(options, postgres, server, seed):
    process = next(iter(server.processes.values()))
    buyers = Buyers(process, options.clients, seed)
    try:
        violations = [*fill(postgres, buyers, options.fills)]
    finally:
        buyers.leave()
    if process.child.poll() is not None:
        violations.append(f"the shop's process ended with {process.child.returncode}")
    books, found = campaign.audit(server, buyers.called_off)
    campaign.conclude([*violations, *buyers.broken, *found, *demo.compare(books, buyers.confirmed), *calm(process)])


def fill(postgres, buyers, fills):
    """Fills the disk so many times, every other time to the end of the log."""
    ballast, ended = postgres.places[0] / "ballast", 0
    for number in range(fills):
        buyers.wait_for_orders(1)
        put_off = buyers.put_off
        small_disk.fill_to_the_last_byte(ballast)
        if number % 2 == 1:
            postgres.wear_out_the_log()
        time.sleep(FULL_SECONDS)
        ballast.unlink()
        if buyers.put_off == put_off:
            yield "nobody was put off while the disk was full: the campaign shows nothing"
        ended += postgres.start_if_it_ended()
        buyers.wait_for_orders(1)
    print(f"disk full {fills} times, {buyers.put_off} requests put off; the server ended {ended} times")
    if ended < fills // 2:
        yield f"the server ended {ended} times: its log was not worn out"


campaign.run(main)
