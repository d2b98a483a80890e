"""Version of the engine inside an image whose tag is not the engine's own.

Measured tables give the tag; two tags with one engine are one version, and a tag says nothing by itself.
"""

from __future__ import annotations

DYNAMO_TENSORRT_LLM = {
    "0.6.0": "1.1.0rc5",
    "0.6.1": "1.1.0rc5",
    "0.7.0": "1.2.0rc2",
    "0.7.0.post1": "1.2.0rc3",
    "0.7.1": "1.2.0rc3",
    "0.8.0": "1.2.0rc6.post1",
    "0.8.1": "1.2.0rc6.post1",
    "0.8.1.post1": "1.2.0rc6.post1",
    "0.8.1.post2": "1.2.0rc6.post2",
    "0.8.1.post3": "1.2.0rc6.post3",
    "0.9.0": "1.3.0rc1",
    "0.9.1": "1.3.0rc3",
    "1.0.0": "1.3.0rc5.post1",
}
"""Tag of NVIDIA Dynamo's image tensorrtllm-runtime -> the TensorRT-LLM in it.

docs.nvidia.com/dynamo/resources/support-matrix, "Backend Dependencies", as of Dynamo 1.0.0.  The release
artifacts page of January 2026 had 1.2.0rc6.post2 for 0.8.1.post1; the later, complete table is followed.
"""


def engine_version(engine: str, tag: str) -> str:
    """Version of `engine` in an image tagged `tag`; the tag itself where it is the engine's own."""
    return DYNAMO_TENSORRT_LLM.get(tag, tag) if engine == "trtllm" else tag
