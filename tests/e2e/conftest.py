# SPDX-License-Identifier: Apache-2.0
from engine import containerd_engine, docker_engine, layered_image, podman_engine, snapshotter_engine  # noqa: F401  (fixtures)
