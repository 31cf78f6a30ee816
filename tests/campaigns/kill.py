#!/usr/bin/env python3
"""Each process is killed again and again while customers buy, pay later, cancel and get money back: what was acknowledged
stays and happens once, nothing stays half done."""

import random
import secrets
import time

import campaign
from mixed import MixedShoppers, Told, compare
from provider import Provider

# Seconds between ready and the kill.
SHORTEST_LIFE, LONGEST_LIFE = 0.02, 1.5
# Within this time a process is ready again, but for one in a hundred. It takes a quarter of that on SQLite, beside a
# compiler.
READY_SECONDS = 2.0
# Now and then the provider carries something out and does not say so, in percent of the requests.
FAULTS = "timeout-after=1,error-after=1,cut-off=1,slow=2"
ENVIRONMENT = {"BANYAN_PROVIDER_TIMEOUT_MS": "500", "BANYAN_PROVIDER_LEFT_ALONE_MS": "300"}


def main():
    options = campaign.arguments(__doc__, baskets=None, limit=400, clients=32, kills=2, seed=None, webhooks=False)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    with Provider(options.binaries, seed, FAULTS, slow_ms=100, webhooks=options.webhooks) as provider:
        environment = ENVIRONMENT | campaign.SHORT_LEASES | provider.environment()
        with campaign.running_server(options, environment, provider.start) as (server, work):
            shoppers = MixedShoppers(options, server, work, seed)
            try:
                restarts, met = kill_repeatedly(server, shoppers, options.kills, random.Random(seed))
                complaints = shoppers.wait()
            finally:
                shoppers.leave()
            struck = provider.heal()["struck"]
            told = Told(shoppers.acknowledged())
            books, violations = campaign.audit(server, told.called_off())
            violations += compare(books, told, shoppers.baskets)
            print(f"{met} of {len(restarts)} kills met a shop that had answered since the one before")
            violations += judge_run(restarts, shoppers, struck, books, options)
            campaign.conclude([*complaints, *violations])


def kill_repeatedly(server, shoppers, kills, chance):
    """Every other kill waits until customers are answered again; those between may meet a shop that is at what was left.

    Returns the seconds that each restart took, and how many kills met a shop that had answered since the one before.
    """
    shoppers.ensure_they_shop()
    victims = list(server.processes.values()) * kills
    chance.shuffle(victims)
    restarts, met, told = [], 0, 0
    for number, victim in enumerate(victims, start=1):
        if number % 2 == 1:
            shoppers.wait_until_answered()
        life = chance.uniform(SHORTEST_LIFE, LONGEST_LIFE)
        time.sleep(life)
        shoppers.ensure_they_shop()
        before, told = told, len(shoppers.acknowledged())
        met += told > before
        victim.kill()
        restarts.append(victim.start())
        print(
            f"kill {number}, of {victim.name}, after {life:.2f} s and {told} answers;"
            f" ready again in {restarts[-1]:.2f} s"
        )
    return restarts, met


def judge_run(restarts, shoppers, struck, books, options):
    """What was to be struck was struck, and the shop was back in time."""
    slow = campaign.worst_but_one_in_a_hundred(restarts)
    print(f"{len(restarts)} kills over {shoppers.waves} wave(s) of {options.limit} baskets")
    print(f"faults of the provider: {struck}")
    print(f"ready again within {slow:.2f} s (99 in 100), {max(restarts):.2f} s at worst")
    compensated = sum(status == "failed" for status in books.sagas.values())
    print(f"{len(books.sagas)} sagas, {compensated} of which went back")
    print(f"{shoppers.cut_off} requests were cut off or put off, {shoppers.replayed} answers were repeated ones")
    if slow > READY_SECONDS:
        yield f"the shop was ready again within {slow:.2f} s instead of {READY_SECONDS} s"
    if shoppers.cut_off < len(restarts):
        yield "fewer requests were disturbed than there were kills: the campaign shows nothing"
    if compensated == 0:
        yield "no saga went back: the campaign shows little"
    if shoppers.replayed < max(1, len(restarts) // 4):
        yield "hardly an answer was lost on its way: the campaign shows little"


campaign.run(main)
