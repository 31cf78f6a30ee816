#!/usr/bin/env python3
"""Two instances of the whole program on one PostgreSQL, one of them killed again and again while orders come in at both."""

import random
import secrets
import time

import campaign
from leases import Leases
from provider import Provider
from shoppers import Shoppers, compare


def main():
    options = campaign.arguments(
        __doc__, baskets=None, limit=2500, clients=16, seconds=120, kill_every=10, lease_ms=3000, seed=None
    )
    if options.backend != "postgres":
        raise campaign.CampaignError("a file has one process: two instances need --backend postgres")
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    # The built-in simulator would be two providers. This one is honest: what is tried here are the shops.
    with Provider(options.binaries, seed) as provider:
        environment = provider.environment() | dict.fromkeys(campaign.SHORT_LEASES, str(options.lease_ms))
        with campaign.running_server(options, environment, provider.start, instances=2) as (server, work):
            leases = Leases(server.database)
            leases.record()
            # Cards whose answer is lost would look to the shops like a provider that is away, and be treated so.
            doors = {
                name: Shoppers(options, process, work, seed, f"at-{name}", timeouts=0)
                for name, process in server.processes.items()
            }
            try:
                restarts = kill_in_turns(server, doors, options, random.Random(seed))
                complaints = [complaint for shoppers in doors.values() for complaint in shoppers.wait()]
            finally:
                for shoppers in doors.values():
                    shoppers.leave()
            if not restarts:
                raise campaign.CampaignError(f"nobody was killed in {options.seconds} s")
            books, violations = campaign.audit(server)
            acknowledged = [line for shoppers in doors.values() for line in shoppers.acknowledged()]
            waves, cut_off = (sum(getattr(shoppers, what) for shoppers in doors.values()) for what in ("waves", "cut_off"))
            print(f"{len(restarts)} kills in {options.seconds} s, {waves} wave(s) of {options.limit} baskets")
            print(f"ready again within {max(restarts):.2f} s at worst; {cut_off} requests were cut off or put off")
            if cut_off < len(restarts):
                violations.append("fewer requests were disturbed than there were kills: the campaign shows nothing")
            violations += leases.judge(process.log for process in server.processes.values())
            baskets = sum(shoppers.baskets for shoppers in doors.values())
            campaign.conclude([*complaints, *violations, *compare(books, acknowledged, baskets)])


def kill_in_turns(server, doors, options, chance):
    """Returns the seconds that each restart took."""
    restarts, turns = [], []
    due = time.monotonic()
    until = due + options.seconds
    while True:
        for shoppers in doors.values():
            shoppers.ensure_they_shop()
        due += options.kill_every
        if due >= until:
            return restarts
        time.sleep(max(due - time.monotonic(), 0))
        # Each has its turns, so that whoever holds the leases is killed for certain.
        if not turns:
            turns = chance.sample(list(doors), len(doors))
        name = turns.pop()
        # At the door of the one that dies somebody is buying.
        doors[name].ensure_they_shop()
        victim = server.processes[name]
        victim.kill()
        restarts.append(victim.start())
        print(f"kill {len(restarts)}, of {victim.name}; ready again in {restarts[-1]:.2f} s")


campaign.run(main)
