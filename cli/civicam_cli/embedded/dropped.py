"""Properties that the emulator's CloudFormation accepts and silently drops, made good after the deployment.

tests/city/test_dropped.py reads them back, and tells when one of them is honoured without our help.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from civicam_cli.embedded.assembly import Assembly
from civicam_cli.embedded.aws import client
from civicam_cli.embedded.city import City
from civicam_cli.embedded.settings import SETTINGS, Setting
from civicam_cli.embedded.templates import Deployed


@dataclass(frozen=True)
class Due:
    """A setting of one deployed resource."""

    setting: Setting
    resource: str
    wanted: Any

    def apply(self, city: City) -> None:
        """Make it stand."""
        self.setting.put(client(city, self.setting.service), self.resource, self.wanted)

    def read_back(self, city: City) -> Any:
        """What stands; None where the service says that nothing does."""
        service = client(city, self.setting.service)
        try:
            return self.setting.get(service, self.resource)
        except service.exceptions.ClientError as error:
            if "NoSuch" in error.response["Error"]["Code"]:
                return None
            raise


def settings_due(city: City, assembly: Assembly) -> Iterator[Due]:
    """Every setting that the templates ask for and the emulator dropped."""
    for stack, template in assembly.templates.items():
        deployed = Deployed.read(city, stack)
        for logical_id, resource in template["Resources"].items():
            properties: dict[str, Any] = resource.get("Properties", {})
            for setting in SETTINGS:
                if setting.resource_type == resource["Type"] and setting.name in properties:
                    yield Due(
                        setting, deployed.names[logical_id], setting.wanted(deployed.value(properties[setting.name]))
                    )


def apply_dropped(city: City, assembly: Assembly) -> int:
    """Apply them all; returns how many there were. Applying twice is applying once."""
    due = list(settings_due(city, assembly))
    for one in due:
        one.apply(city)
    return len(due)
