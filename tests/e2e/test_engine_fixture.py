# SPDX-License-Identifier: Apache-2.0
import json


def test_the_layered_image_is_what_the_tests_assume(docker_engine, layered_image):
    image = json.loads(docker_engine.docker("image", "inspect", layered_image))[0]
    assert len(image["RootFS"]["Layers"]) == 4
    assert image["GraphDriver"]["Name"] == "overlay2"


def test_podman_answers(podman_engine):
    version = json.loads(podman_engine.docker("version", "--format", "{{json .Server}}"))
    assert version["Version"]
