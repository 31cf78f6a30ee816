"""A disk of a campaign's own that is small enough to be filled: a tmpfs that nobody else sees."""

import os
import subprocess
import sys


def in_a_namespace_of_its_own():
    """Mounts made from here on are seen by this process and its children alone, and go with them."""
    marker = "BANYAN_CAMPAIGN_UNSHARED"
    if marker in os.environ:
        return
    sys.stdout.flush()
    # Who is not root becomes it in there, where the system lets them.
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", *as_root, "--mount", "--propagation", "private", sys.executable, "-B", *sys.argv]
    os.execvpe(command[0], command, os.environ | {marker: "1"})


def mount(place, megabytes):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs", place], check=True)


def resize(place, megabytes):
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", place], check=True)


def unmount(place):
    subprocess.run(["umount", place], check=True)


def fill_to_the_last_byte(ballast):
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 2**12):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                pass
