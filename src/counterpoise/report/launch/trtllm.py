"""Commands of TensorRT-LLM (`trtllm-serve`).

With `enable_attention_dp` every one of the `--tp_size` chips is an attention replica of its own, so replicas
of more than one chip cannot be said (TensorRT-LLM, "Parallelism"); `--max_batch_size` is then of each rank.
"""

from __future__ import annotations

from counterpoise.errors import Refused
from counterpoise.report.launch.deployment import Deployment, Workers, command, header

PORT = 8000


def script(d: Deployment) -> str:
    """Return a shell script that writes the options file and starts the server."""
    more = []
    if any(d.hosts(w) > 1 for w in d.workers):
        more = ["Over several hosts start it under MPI, as srun with one task a chip does"]
    lines = header(d, more)
    if not d.split:
        return "\n".join([*lines, *_shell(d, d.workers[0])]) + "\n"
    for worker in d.workers:
        lines += ["", f"# {worker.role}: {worker.count} of these"]
        lines += [f'if [ "${{ROLE:?prefill, decode or front}}" = {worker.role} ]; then']
        lines += [*_shell(d, worker), "fi"]
    lines += ["", "# front: the one address that users see", "cat > front.yaml <<EOF", "hostname: 0.0.0.0"]
    lines += [f"port: {PORT}", "backend: pytorch"]
    for worker, section in zip(d.workers, ("context_servers", "generation_servers"), strict=True):
        lines += [f"{section}:", f"  num_instances: {worker.count}", "  urls:"]
        lines += [f'    - "${{{worker.role.upper()}_{i}:?}}:{PORT}"' for i in range(worker.count)]
    return "\n".join([*lines, "EOF", "exec trtllm-serve disaggregated -c front.yaml"]) + "\n"


def nodes(d: Deployment) -> tuple[list[str], list[str]]:
    """Words of the command for a manifest; a deployment over several hosts is refused."""
    worker = d.workers[0]
    if d.hosts(worker) > 1:
        raise Refused(
            f"--export kubernetes: TensorRT-LLM over {d.hosts(worker)} hosts starts under MPI, which "
            "plain manifests do not have; take --export trtllm, or --engine vllm or sglang."
        )
    options = "\\n".join(_options(d, worker))
    words = [
        f"printf '{options}\\n' > /tmp/options.yaml && exec {_words(d, worker)[0]}",
        *_words(d, worker)[1:],
    ]
    words[-1] = "--extra_llm_api_options /tmp/options.yaml"
    return words, words


def _shell(d: Deployment, worker: Workers) -> list[str]:
    words = _words(d, worker)
    if d.hosts(worker) > 1:
        words[0] = f"trtllm-llmapi-launch {words[0]}"
    return ["cat > options.yaml <<'EOF'", *_options(d, worker), "EOF", "exec " + command(words)]


def _words(d: Deployment, worker: Workers) -> list[str]:
    if worker.dp > 1 and worker.tp > 1:
        raise Refused(
            f"--export trtllm: {worker.dp} attention replicas of {worker.tp} chips each cannot be said to "
            "TensorRT-LLM, whose replicas are single chips; choose another deployment with --choose."
        )
    words = ['trtllm-serve serve "$MODEL"', "--backend pytorch", "--host 0.0.0.0", f"--port {PORT}"]
    words += [f"--tp_size {worker.tp * worker.dp}"]
    if worker.pp > 1:
        words += [f"--pp_size {worker.pp}"]
    if worker.ep > 1:
        words += [f"--ep_size {worker.ep}"]
    words += [
        f"--max_batch_size {worker.sequences_per_replica}",
        f"--max_num_tokens {d.chunk_tokens}",
        f"--max_seq_len {d.longest_tokens}",
        "--extra_llm_api_options options.yaml",
    ]
    return words


def _options(d: Deployment, worker: Workers) -> list[str]:
    if d.quantise:
        raise Refused(
            "--export trtllm: TensorRT-LLM loads FP8 weights from a checkpoint that was quantised before; "
            "take --precision of the release, or --export vllm."
        )
    batch = worker.sequences_per_replica
    lines = ["enable_attention_dp: true"] if worker.dp > 1 else []
    lines += ["enable_chunked_prefill: true"]
    lines += ["cuda_graph_config:", "  enable_padding: true", f"  max_batch_size: {batch}"]
    lines += ["kv_cache_config:", f"  dtype: {'fp8' if d.kv_precision == 'fp8' else 'auto'}"]
    lines += [f"  enable_block_reuse: {'true' if d.cached else 'false'}"]
    if d.draft_tokens and not d.own_drafts:
        raise Refused(
            "--export trtllm: this model has no layers of its own to draft with, and a draft model for "
            "TensorRT-LLM is not known here; take --export vllm or sglang."
        )
    if d.draft_tokens:
        lines += [
            "speculative_config:",
            "  decoding_type: MTP",
            f"  num_nextn_predict_layers: {d.draft_tokens}",
        ]
    if d.split:
        # Context workers hand their cache over as soon as it is computed, which the overlap scheduler delays.
        lines += ["disable_overlap_scheduler: true"] if worker.role == "prefill" else []
        lines += [
            "cache_transceiver_config:",
            "  backend: DEFAULT",
            f"  max_tokens_in_buffer: {d.longest_tokens}",
        ]
    return lines
