"""A Kubernetes manifest: a Deployment with its Service, or a LeaderWorkerSet where hosts work together.

Written as text: quoted strings are JSON, which YAML contains.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from counterpoise.errors import BadInput, Refused, Where
from counterpoise.report.launch.deployment import Deployment

_RESOURCE = {"cuda": "nvidia.com/gpu", "rocm": "amd.com/gpu"}
_IMAGES = {
    ("vllm", "cuda"): "vllm/vllm-openai",
    ("vllm", "rocm"): "rocm/vllm",
    ("sglang", "cuda"): "lmsysorg/sglang",
}
_PORTS = {"vllm": 8000, "sglang": 30000, "trtllm": 8000}
_PROMPT_S = 1800


def manifest(d: Deployment, engine: str, nodes: tuple[list[str], list[str]], image: str) -> str:
    """Return the manifest; `nodes`: words of the command of the first pod and of the others.

    Raises `Refused` for prefill and decode apart, `BadInput` where the container image is not known.
    """
    if d.split:
        raise Refused(
            "--export kubernetes: prefill and decode apart need a router that finds its workers, which plain "
            "manifests do not have; take --export vllm or sglang for the commands of each role."
        )
    worker, name = d.workers[0], _name(d)
    hosts = d.hosts(worker)
    head = [f"# {line}" for line in d.about]
    container = image or _image(d, engine)
    if ":" not in container.rsplit("/", 1)[-1]:
        container += f":{'v' if engine == 'vllm' and d.version else ''}{d.version or 'latest'}"
    first = _container(d, engine, nodes[0], container, worker.chips // hosts, hosts)
    if hosts == 1:
        body = [
            "apiVersion: apps/v1", "kind: Deployment", "metadata:", f"  name: {name}", "spec:",
            f"  replicas: {d.replicas}", "  selector:", "    matchLabels:", f"      app: {name}",
            "  template:", "    metadata:", "      labels:", f"        app: {name}",
            "    spec:", *_indented(first, 6),
        ]  # fmt: skip
        selector = [f"    app: {name}"]
    else:
        others = _container(d, engine, nodes[1], container, worker.chips // hosts, hosts, leads=False)
        body = [
            "# Needs the LeaderWorkerSet controller in the cluster.",
            "apiVersion: leaderworkerset.x-k8s.io/v1", "kind: LeaderWorkerSet", "metadata:",
            f"  name: {name}", "spec:", f"  replicas: {d.replicas}", "  leaderWorkerTemplate:",
            f"    size: {hosts}", "    restartPolicy: RecreateGroupOnPodRestart", "    leaderTemplate:",
            "      metadata:", "        labels:", f"          app: {name}", "          role: leader",
            "      spec:", *_indented(first, 8),
            "    workerTemplate:", "      spec:", *_indented(others, 8),
        ]  # fmt: skip
        selector = [f"    app: {name}", "    role: leader"]
    service = [
        "---", "apiVersion: v1", "kind: Service", "metadata:", f"  name: {name}", "spec:", "  selector:",
        *selector, "  ports:", "    - name: http", f"      port: {_PORTS[engine]}",
        f"      targetPort: {_PORTS[engine]}",
    ]  # fmt: skip
    return "\n".join([*head, *body, *service]) + "\n"


def _image(d: Deployment, engine: str) -> str:
    image = _IMAGES.get((engine, d.software))
    if image is None:
        raise BadInput(
            f"the container image of {engine} for {d.software} is not known here.",
            where=Where(field="--image"),
            hint="Name it with its tag: --image NAME:TAG.",
        )
    return image


def _name(d: Deployment) -> str:
    """A name that Kubernetes takes: lower-case letters, digits and hyphens, at most 50."""
    plain = re.sub(r"[^a-z0-9]+", "-", d.name.lower()).strip("-")
    return (plain if plain[:1].isalpha() else f"model-{plain}")[:50].rstrip("-")


def _container(
    d: Deployment,
    engine: str,
    words: Sequence[str],
    image: str,
    chips: int,
    hosts: int,
    *,
    leads: bool = True,
) -> list[str]:
    lines = ["containers:", "  - name: engine", f"    image: {json.dumps(image)}"]
    lines += ["    command:", '      - "bash"', '      - "-c"', "      - |"]
    text = " \\\n  ".join(words)
    starts = text if text.startswith("printf ") else f"exec {text}"
    if hosts > 1:
        # LeaderWorkerSet gives each pod the address of its leader and its own number.
        lines += ["        HEAD=$LWS_LEADER_ADDRESS NODE_RANK=$LWS_WORKER_INDEX"]
    lines += [f"        {line}" for line in starts.splitlines()]
    lines += ["    env:", *_variables(d)]
    if leads:
        port = _PORTS[engine]
        lines += ["    ports:", f"      - containerPort: {port}"]
        # Weights of hundreds of gigabytes load before the engine listens.
        for probe, period, tries in (("startup", 10, _PROMPT_S // 10), ("readiness", 10, 3)):
            lines += [
                f"    {probe}Probe:",
                "      httpGet:",
                "        path: /health",
                f"        port: {port}",
            ]
            lines += [f"      periodSeconds: {period}", f"      failureThreshold: {tries}"]
    resource = _RESOURCE[d.software]
    lines += ["    resources:", "      limits:", f"        {resource}: {chips}"]
    lines += ["      requests:", f"        {resource}: {chips}"]
    lines += ["    volumeMounts:", "      - name: dshm", "        mountPath: /dev/shm"]
    return [*lines, "volumes:", "  - name: dshm", "    emptyDir:", "      medium: Memory"]


def _variables(d: Deployment) -> list[str]:
    model = d.model or f"SET-ME: {d.model_wanted}"
    lines = ["      - name: MODEL", f"        value: {json.dumps(model)}"]
    if d.draft_tokens and not d.own_drafts:
        lines += ["      - name: DRAFT", '        value: "SET-ME: a draft model"']
    lines += ["      - name: HF_TOKEN", "        valueFrom:", "          secretKeyRef:"]
    lines += ["            name: hf-token", "            key: token", "            optional: true"]
    return lines


def _indented(lines: Sequence[str], by: int) -> list[str]:
    return [f"{' ' * by}{line}" for line in lines]
