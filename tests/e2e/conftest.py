# SPDX-License-Identifier: Apache-2.0
from engine import docker_engine, layered_image, podman_engine  # noqa: F401  (fixtures)
