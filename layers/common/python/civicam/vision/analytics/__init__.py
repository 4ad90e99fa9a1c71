"""Every analytic, listed: a new one is one file here and one name in ANALYTICS."""

from civicam.vision.analytic import Analytic
from civicam.vision.analytics.crowd import CROWD
from civicam.vision.analytics.faces import FACES
from civicam.vision.analytics.incidents import INCIDENTS
from civicam.vision.analytics.vehicles import VEHICLES

ANALYTICS: tuple[Analytic, ...] = (VEHICLES, CROWD, FACES, INCIDENTS)
