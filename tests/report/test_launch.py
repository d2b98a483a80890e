"""Launch commands and manifests: the flags say what was sized, and what cannot be said is refused."""

import re
import subprocess

import pytest
import yaml

from counterpoise.errors import BadInput, Refused, UnknownName
from counterpoise.report.launch import launch

ASKED = {
    "input_tokens": 3000.0, "output_tokens": 800.0, "ttft_ms": 2000.0, "tpot_ms": 50.0, "percentile": 90.0,
    "cached_share": 0.0, "concurrency": None, "rate_per_s": None, "engine": "generic",
    "engine_version": None, "acceptance_rate": None, "draft_tokens": None,
}  # fmt: skip
ROW = {
    "chip": "H200-SXM-141GB", "software": "cuda", "chips_per_system": 8, "mode": "aggregated",
    "precision": "fp8", "kv_precision": "bf16", "tp": 1, "pp": 1, "dp": 1, "ep": 1, "n_chips": 1,
    "concurrency": 100.0, "ttft_ms": 900.0, "tpot_ms": 40.0, "output_tokens_per_s": 2000.0, "low80": 0.8,
    "high80": 1.3,
}  # fmt: skip
APART = {
    "mode": "disaggregated", "n_chips": 24,
    "prefill": {"workers": 2, "tp": 8, "pp": 1, "dp": 1, "ep": 8},
    "decode": {"workers": 1, "tp": 1, "pp": 1, "dp": 8, "ep": 8},
}  # fmt: skip


def text(kind, row=None, asked=None, image="", **document):
    made = {
        "model": "deepseek-r1", "hf_id": "deepseek-ai/DeepSeek-R1", "native_precision": "fp8",
        "own_drafts": True, "asked": {**ASKED, **(asked or {})}, **document,
    }  # fmt: skip
    layout = row or {}
    sized = {**ROW, **layout}
    if "n_chips" not in layout:
        sized["n_chips"] = sized["tp"] * sized["pp"] * sized["dp"]
    return launch(kind, made, sized, image=image)


def flags(script):
    """Options of the one command of a script: name -> value, or None for a switch."""
    joined = script.replace("\\\n", " ")
    line = next(x for x in joined.splitlines() if x.startswith(("exec ", "trtllm")))
    return dict(re.findall(r"(--[\w-]+)(?:\s+(?!--)(\S+))?", line))


LAYOUTS = [
    {"tp": 8}, {"tp": 4, "ep": 4}, {"dp": 8, "ep": 8}, {"tp": 2, "dp": 4, "ep": 8}, {"tp": 8, "pp": 2},
    {"dp": 16, "ep": 16},
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_vllm_s_groups_multiply_to_the_chips_that_were_sized(layout):
    given = flags(text("vllm", layout))
    sizes = [given.get(f"--{name}-parallel-size", "1") for name in ("tensor", "pipeline", "data")]
    chips = {**ROW, **layout}
    assert [int(s) for s in sizes] == [chips["tp"], chips["pp"], chips["dp"]]
    assert ("--enable-expert-parallel" in given) == (chips["ep"] > 1)
    assert int(given["--max-num-seqs"]) * chips["dp"] >= 100
    assert int(given["--max-model-len"]) >= 3800


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_sglang_counts_all_chips_of_a_stage_and_divides_the_attention_among_them(layout):
    given = flags(text("sglang", layout))
    chips = {**ROW, **layout}
    assert int(given["--tp-size"]) == chips["tp"] * chips["dp"]
    assert int(given.get("--dp-size", 1)) == chips["dp"]
    assert ("--enable-dp-attention" in given) == (chips["dp"] > 1)
    assert int(given.get("--ep-size", 1)) == chips["ep"]
    # SGLang divides both by the attention replicas.
    assert int(given["--max-running-requests"]) == 100
    assert int(given["--chunked-prefill-size"]) == 8192 * chips["dp"]


@pytest.mark.parametrize(
    "layout", [x for x in LAYOUTS if x.get("tp", 1) == 1 or x.get("dp", 1) == 1], ids=str
)
def test_trtllm_says_attention_replicas_in_its_options_file(layout):
    script = text("trtllm", layout)
    given, chips = flags(script), {**ROW, **layout}
    options = yaml.safe_load(script.split("<<'EOF'\n")[1].split("\nEOF")[0])
    assert int(given["--tp_size"]) == chips["tp"] * chips["dp"]
    assert options.get("enable_attention_dp", False) == (chips["dp"] > 1)
    assert options["cuda_graph_config"]["max_batch_size"] == int(given["--max_batch_size"])


@pytest.mark.parametrize("kind", ["vllm", "sglang", "trtllm"])
@pytest.mark.parametrize("row", [{"tp": 8}, {"dp": 16, "ep": 16}, APART])
def test_every_script_is_one_that_bash_can_read(kind, row):
    checked = subprocess.run(
        ["bash", "-n"], input=text(kind, row), text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_over_systems_each_node_is_told_its_rank_and_the_first_one_s_address():
    script = text("vllm", {"dp": 16, "ep": 16})
    assert "--data-parallel-size-local 8" in script
    assert "--data-parallel-start-rank $((NODE_RANK * 8))" in script
    assert script.count("--headless") == 1
    pipeline = text("vllm", {"tp": 8, "pp": 2})
    assert "--nnodes 2" in pipeline and '--master-addr "$HEAD"' in pipeline
    assert '--dist-init-addr "$HEAD:5000"' in text("sglang", {"tp": 8, "pp": 2})


def test_a_rack_is_started_host_by_host():
    rack = {"chip": "GB200", "chips_per_system": 72, "tp": 8}
    assert "--nnodes 2" in text("vllm", rack) and "--nnodes 2" in text("sglang", rack)
    assert "--nnodes" not in text("vllm", {**rack, "tp": 4})


def test_a_converted_precision_asks_for_its_checkpoint_and_never_invents_one():
    script = text("vllm", {"precision": "fp4"})
    assert "MODEL:?set MODEL to a checkpoint of deepseek-ai/DeepSeek-R1 converted to fp4" in script
    assert "MODEL=deepseek-ai" not in script
    assert "MODEL=deepseek-ai/DeepSeek-R1\n" in text("vllm")


def test_sixteen_bit_weights_are_turned_into_eight_by_the_engine_that_can():
    assert flags(text("vllm", native_precision="bf16"))["--quantization"] == "fp8"
    assert flags(text("sglang", native_precision="bf16"))["--quantization"] == "fp8"
    assert "--quantization" not in flags(text("vllm"))
    with pytest.raises(Refused, match="quantised before"):
        text("trtllm", native_precision="bf16")


def test_an_eight_bit_cache_is_said_in_each_engine_s_words():
    row = {"kv_precision": "fp8"}
    assert flags(text("vllm", row))["--kv-cache-dtype"] == "fp8"
    assert flags(text("sglang", row))["--kv-cache-dtype"] == "fp8_e4m3"
    assert "dtype: fp8" in text("trtllm", row)


def test_drafts_come_from_the_model_s_own_layers_or_from_a_draft_model_that_is_asked_for():
    asked = {"draft_tokens": 2.0, "acceptance_rate": 0.7}
    assert '"method":"mtp","num_speculative_tokens":2' in text("vllm", asked=asked)
    assert "--speculative-num-draft-tokens 3" in text("sglang", asked=asked)
    assert "num_nextn_predict_layers: 2" in text("trtllm", asked=asked)
    assert "DRAFT:?" in text("vllm", asked=asked, own_drafts=False)
    with pytest.raises(Refused, match="draft"):
        text("trtllm", asked=asked, own_drafts=False)


def test_arrivals_at_random_get_more_places_than_their_mean_number():
    few, many = (int(flags(text("vllm", asked={"rate_per_s": r}))["--max-num-seqs"]) for r in (None, 3.0))
    assert few == 100 < many


def test_workers_apart_have_a_command_for_each_role():
    vllm = text("vllm", APART)
    assert vllm.count("NixlConnector") == 2 and "PREFILL_HOST" in vllm and "DECODE_HOST" in vllm
    sglang = text("sglang", APART)
    assert "--disaggregation-mode prefill" in sglang and "--disaggregation-mode decode" in sglang
    assert sglang.count("--prefill ") == 2 and sglang.count("--decode ") == 1
    trtllm = text("trtllm", APART)
    front = yaml.safe_load(trtllm.split("<<EOF\n")[1].split("\nEOF")[0])
    assert front["context_servers"]["num_instances"] == 2
    assert len(front["context_servers"]["urls"]) == 2


@pytest.mark.parametrize("engine", ["vllm", "sglang", "trtllm"])
def test_a_manifest_of_one_system_is_a_deployment_with_its_service(engine):
    made = list(yaml.safe_load_all(text("kubernetes", {"tp": 4}, {"engine": engine}, image="own:1")))
    deployment, service = made
    assert [deployment["kind"], service["kind"]] == ["Deployment", "Service"]
    pod = deployment["spec"]["template"]
    container = pod["spec"]["containers"][0]
    assert container["resources"]["limits"] == container["resources"]["requests"] == {"nvidia.com/gpu": 4}
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert service["spec"]["ports"][0]["targetPort"] == container["ports"][0]["containerPort"]
    assert container["image"] == "own:1"
    assert f"--port {container['ports'][0]['containerPort']}" in container["command"][2]


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_a_manifest_of_several_systems_is_a_leader_with_its_workers(engine):
    made = list(
        yaml.safe_load_all(text("kubernetes", {"dp": 16, "ep": 16}, {"engine": engine}, image="own:1"))
    )
    group, service = made
    assert group["kind"] == "LeaderWorkerSet"
    template = group["spec"]["leaderWorkerTemplate"]
    pods = [template["leaderTemplate"], template["workerTemplate"]]
    chips = [pod["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] for pod in pods]
    assert template["size"] * chips[0] == 16 and chips[0] == chips[1]
    assert all("$LWS_LEADER_ADDRESS" in pod["spec"]["containers"][0]["command"][2] for pod in pods)
    assert service["spec"]["selector"].items() <= pods[0]["metadata"]["labels"].items()


def test_a_manifest_bears_the_replicas_that_a_rate_needs_on_the_maker_s_own_chips():
    row = {"replicas": 3, "software": "rocm", "chip": "MI300X"}
    made = next(yaml.safe_load_all(text("kubernetes", row, {"rate_per_s": 9.0})))
    assert made["spec"]["replicas"] == 3
    assert "amd.com/gpu" in made["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]


def test_names_are_such_as_kubernetes_takes():
    made = next(yaml.safe_load_all(text("kubernetes", model="Qwen/Qwen3.5_397B")))
    assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", made["metadata"]["name"])


@pytest.mark.parametrize(
    ("kind", "row", "asked", "said"),
    [
        ("trtllm", {"tp": 2, "dp": 4, "ep": 8}, {}, "cannot be said"),
        ("kubernetes", APART, {}, "router"),
        ("kubernetes", {"tp": 8, "pp": 2}, {"engine": "trtllm"}, "MPI"),
        ("vllm", {"software": "cann", "chip": "Ascend-910C"}, {}, "cann"),
        ("trtllm", {"software": "rocm", "chip": "MI300X"}, {}, "rocm"),
        ("vllm", {"tp": 8, "dp": 3, "ep": 24, "chips_per_system": 72}, {}, "do not divide"),
    ],
)
def test_what_cannot_be_launched_as_sized_is_refused_with_the_reason(kind, row, asked, said):
    with pytest.raises(Refused, match=said):
        text(kind, row, asked, image="own:1")


def test_what_a_person_can_put_right_says_how():
    with pytest.raises(BadInput, match="--export sglang"):
        text("vllm", asked={"engine": "sglang"})
    with pytest.raises(BadInput, match="--image NAME:TAG"):
        text("kubernetes", asked={"engine": "trtllm"})
    with pytest.raises(UnknownName):
        text("docker")
