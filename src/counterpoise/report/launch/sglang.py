"""Commands of SGLang (`python3 -m sglang.launch_server`).

With attention data parallelism `--tp-size` counts all chips and `--dp-size` divides the attention among them;
`--max-running-requests` and `--chunked-prefill-size` are of the whole server (SGLang, "Server Arguments",
`server_args.py`).
"""

from __future__ import annotations

from counterpoise.report.launch.deployment import Deployment, Workers, command, header

PORT, INIT_PORT = 30000, 5000


def script(d: Deployment) -> str:
    """Return a shell script: one command for every node, and for apart roles the router between them."""
    more = []
    if d.split:
        more = ["Run with ROLE=prefill or decode on each worker's hosts, and with ROLE=router on one"]
    if any(d.hosts(w) > 1 for w in d.workers):
        more.append("and NODE_RANK=0, 1, ... on each host of a worker, HEAD being the address of its first")
    lines = header(d, more)
    if not d.split:
        return "\n".join([*lines, *_shell(d, d.workers[0])]) + "\n"
    for worker in d.workers:
        lines += ["", f"# {worker.role}: {worker.count} of these"]
        lines += [f'if [ "${{ROLE:?prefill, decode or router}}" = {worker.role} ]; then']
        lines += [*_shell(d, worker), "fi"]
    routes = [
        f'--{w.role} "http://${{{w.role.upper()}_{i}:?}}:{PORT}"' for w in d.workers for i in range(w.count)
    ]
    router = ["python3 -m sglang_router.launch_router", "--pd-disaggregation", *routes]
    lines += ["", "# router: the one address that users see"]
    lines += ["exec " + command([*router, "--host 0.0.0.0", "--port 8000"])]
    return "\n".join(lines) + "\n"


def nodes(d: Deployment) -> tuple[list[str], list[str]]:
    """Words of the command of the first node and of the others, which are the same here."""
    words = [*_words(d, d.workers[0]), *_node_words(d, d.workers[0])]
    return words, words


def _shell(d: Deployment, worker: Workers) -> list[str]:
    lines = []
    if d.hosts(worker) > 1:
        lines = [': "${HEAD:?address of the first host}" "${NODE_RANK:?0 on the first host, then 1, ...}"']
    return [*lines, "exec " + command([*_words(d, worker), *_node_words(d, worker)])]


def _words(d: Deployment, worker: Workers) -> list[str]:
    words = ['python3 -m sglang.launch_server --model-path "$MODEL"', f"--served-model-name {d.name}"]
    words += ["--host 0.0.0.0", f"--port {PORT}", f"--tp-size {worker.tp * worker.dp}"]
    if worker.pp > 1:
        words += [f"--pp-size {worker.pp}"]
    if worker.dp > 1:
        words += [f"--dp-size {worker.dp}", "--enable-dp-attention"]
    if worker.ep > 1:
        words += [f"--ep-size {worker.ep}"]
    if d.quantise:
        words += ["--quantization fp8"]
    if d.kv_precision == "fp8":
        words += ["--kv-cache-dtype fp8_e4m3"]
    words += [
        f"--context-length {d.longest_tokens}",
        f"--max-running-requests {worker.sequences}",
        # Attention data parallelism divides the chunk among its replicas.
        f"--chunked-prefill-size {d.chunk_tokens * worker.dp}",
    ]
    if d.draft_tokens:
        words += [
            "--speculative-algorithm EAGLE",
            f"--speculative-num-steps {d.draft_tokens}",
            "--speculative-eagle-topk 1",
            f"--speculative-num-draft-tokens {d.draft_tokens + 1}",
        ]
        if not d.own_drafts:
            words += ['--speculative-draft-model-path "${DRAFT:?an EAGLE draft of this model}"']
    if d.split:
        words += [f"--disaggregation-mode {worker.role}", "--disaggregation-transfer-backend nixl"]
    return words


def _node_words(d: Deployment, worker: Workers) -> list[str]:
    hosts = d.hosts(worker)
    if hosts == 1:
        return []
    return [f"--nnodes {hosts}", '--node-rank "$NODE_RANK"', f'--dist-init-addr "$HEAD:{INIT_PORT}"']
