"""Which process runs what, read from the compose files that are deployed."""

import pathlib

import yaml

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "deploy" / "compose"
CONTEXTS = ("identity", "inventory", "catalog", "payments", "orders")
INTERNAL_PORT = ":9090"


class Service:
    """A process as `deploy/compose/<topology>.yaml` describes it."""

    def __init__(self, name, description):
        environment = description.get("environment", {})
        self.name = name
        self.is_storefront = bool(description.get("ports"))
        self.contexts = environment.get("BANYAN_CONTEXTS", ",".join(CONTEXTS)).split(",")
        self.database = environment["BANYAN_DATABASE_URL"].rpartition("/")[2]
        # BANYAN_CATALOG_URL -> the service that runs the catalog
        self.hosts = {
            variable: value.removeprefix("http://").removesuffix(INTERNAL_PORT)
            for variable, value in environment.items()
            if value.startswith("http://") and value.endswith(INTERNAL_PORT)
        }


def names():
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def services(name):
    described = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))["services"]
    return [Service(service, text) for service, text in described.items() if text.get("image") == "banyan"]
