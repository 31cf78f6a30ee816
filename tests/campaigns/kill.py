#!/usr/bin/env python3
"""Each process is killed again and again while orders come in: what was acknowledged stays, nothing stays half done."""

import random
import secrets
import time

import campaign
from shoppers import Shoppers, compare

# Seconds between ready and the kill.
SHORTEST_LIFE, LONGEST_LIFE = 0.2, 1.5


def main():
    options = campaign.arguments(__doc__, baskets=None, limit=1000, clients=16, kills=2, seed=None)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    with campaign.running_server(options) as (server, work):
        shoppers = Shoppers(options, server, work, seed)
        try:
            restarts = kill_repeatedly(server, shoppers, options.kills, random.Random(seed))
            complaints = shoppers.wait()
        finally:
            shoppers.leave()
        books, violations = campaign.audit(server)
        acknowledged = shoppers.acknowledged()
        print(f"{len(restarts)} kills over {shoppers.waves} wave(s) of {options.limit} baskets")
        print(f"ready again within {max(restarts):.2f} s at worst; {shoppers.cut_off} requests were cut off or put off")
        if shoppers.cut_off < len(restarts):
            violations.append("fewer requests were disturbed than there were kills: the campaign shows nothing")
        campaign.conclude([*complaints, *violations, *compare(books, acknowledged, shoppers.baskets)])


def kill_repeatedly(server, shoppers, kills, chance):
    """Each kill meets orders on their way. Returns the seconds that each restart took."""
    shoppers.ensure_they_shop()
    victims = list(server.processes.values()) * kills
    chance.shuffle(victims)
    restarts = []
    for number, victim in enumerate(victims, start=1):
        life = chance.uniform(SHORTEST_LIFE, LONGEST_LIFE)
        time.sleep(life)
        shoppers.ensure_they_shop()
        before = len(shoppers.acknowledged())
        victim.kill()
        restarts.append(victim.start())
        print(
            f"kill {number}, of {victim.name}, after {life:.2f} s and {before} acknowledged orders;"
            f" ready again in {restarts[-1]:.2f} s"
        )
    return restarts


campaign.run(main)
