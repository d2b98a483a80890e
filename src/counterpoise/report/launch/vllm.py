"""Commands of vLLM (`vllm serve`).

With data parallelism `--max-num-seqs` is of each rank, and with `--enable-expert-parallel` the experts are
spread over all TP x DP chips (vLLM, "Data Parallel Deployment").
"""

from __future__ import annotations

from counterpoise.errors import Refused
from counterpoise.report.launch.deployment import Deployment, Workers, command, header

PORT, RPC_PORT, SIDE_PORT = 8000, 13345, 5600
_TRANSFER = (
    '--kv-transfer-config \'{"kv_connector":"NixlConnector","kv_role":"kv_both",'
    '"kv_load_failure_policy":"fail"}\''
)


def script(d: Deployment) -> str:
    """Return a shell script: one command for each node, and for apart roles the proxy between them."""
    more = []
    if d.split:
        more = [
            "Start each command on its own hosts, PREFILL_HOST and DECODE_HOST being their addresses;",
            "a proxy that knows both (vllm-router, or toy_proxy_server.py of vLLM's tests) sends requests",
        ]
    elif d.hosts(d.workers[0]) > 1:
        more = ["Run with NODE_RANK=0, 1, ... on each host, HEAD being the address of the first"]
    lines = header(d, more)
    if d.split:
        for worker in d.workers:
            host = f"{worker.role.upper()}_HOST"
            lines += ["", f"# {worker.role}: {worker.count} of these"]
            lines += [f'if [ "${{ROLE:?prefill or decode}}" = {worker.role} ]; then']
            lines += [
                f'export VLLM_NIXL_SIDE_CHANNEL_HOST="${{{host}:?}}" VLLM_NIXL_SIDE_CHANNEL_PORT={SIDE_PORT}'
            ]
            lines += [*_shell(d, worker), "fi"]
        return "\n".join(lines) + "\n"
    return "\n".join([*lines, *_shell(d, d.workers[0])]) + "\n"


def nodes(d: Deployment) -> tuple[list[str], list[str]]:
    """Words of the command of the first node and of the others, for a manifest.

    `$HEAD` and `$NODE_RANK` stand for the address of the first node and the number of this one.
    """
    first = [*_words(d, d.workers[0]), *_node_words(d, d.workers[0], head=True)]
    return first, [*_words(d, d.workers[0]), *_node_words(d, d.workers[0], head=False)]


def _shell(d: Deployment, worker: Workers) -> list[str]:
    words = _words(d, worker)
    if d.hosts(worker) == 1:
        return ["exec " + command(words)]
    head, others = _node_words(d, worker, head=True), _node_words(d, worker, head=False)
    return [
        ': "${HEAD:?address of the first host}" "${NODE_RANK:?0 on the first host, then 1, 2, ...}"',
        'if [ "$NODE_RANK" = 0 ]; then',
        "exec " + command([*words, *head]),
        "else",
        "exec " + command([*words, *others]),
        "fi",
    ]


def _words(d: Deployment, worker: Workers) -> list[str]:
    words = ['vllm serve "$MODEL"', f"--served-model-name {d.name}", "--host 0.0.0.0", f"--port {PORT}"]
    words += [f"--tensor-parallel-size {worker.tp}"]
    if worker.pp > 1:
        words += [f"--pipeline-parallel-size {worker.pp}"]
    if worker.dp > 1:
        words += [f"--data-parallel-size {worker.dp}"]
    if worker.ep > 1:
        words += ["--enable-expert-parallel"]
    if d.quantise:
        words += ["--quantization fp8"]
    if d.kv_precision == "fp8":
        words += ["--kv-cache-dtype fp8"]
    words += [
        f"--max-model-len {d.longest_tokens}",
        f"--max-num-seqs {worker.sequences_per_replica}",
        f"--max-num-batched-tokens {d.chunk_tokens}",
        f"--gpu-memory-utilization {d.memory_share:g}",
    ]
    if d.cached:
        words += ["--enable-prefix-caching"]
    if d.draft_tokens:
        words += [_drafts(d)]
    if d.split:
        words += [_TRANSFER]
    return words


def _drafts(d: Deployment) -> str:
    if d.own_drafts:
        return f'--speculative-config \'{{"method":"mtp","num_speculative_tokens":{d.draft_tokens}}}\''
    return (
        '--speculative-config "{\\"method\\":\\"draft_model\\",\\"model\\":\\"${DRAFT:?a draft model}\\",'
        f'\\"num_speculative_tokens\\":{d.draft_tokens}}}"'
    )


def _node_words(d: Deployment, worker: Workers, *, head: bool) -> list[str]:
    """What differs by node: ranks of attention replicas, or of the nodes that share one replica."""
    hosts = d.hosts(worker)
    if hosts == 1:
        return []
    silent = [] if head else ["--headless"]
    if worker.dp == 1:
        rank = "0" if head else '"$NODE_RANK"'
        return [f"--nnodes {hosts}", f"--node-rank {rank}", '--master-addr "$HEAD"', *silent]
    if worker.dp % hosts:
        raise Refused(
            f"--export vllm: {worker.dp} attention replicas do not divide among {hosts} hosts; "
            "choose another deployment with --choose."
        )
    here = worker.dp // hosts
    start = [] if head else [f"--data-parallel-start-rank $((NODE_RANK * {here}))"]
    return [
        f"--data-parallel-size-local {here}",
        '--data-parallel-address "$HEAD"',
        f"--data-parallel-rpc-port {RPC_PORT}",
        *start,
        *silent,
    ]
