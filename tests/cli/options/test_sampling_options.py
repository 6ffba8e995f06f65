import pytest

from openbook.cli.options.sampling_options import Drawing, drawing_of
from openbook.errors import SettingsError


def drawing(*, temperature: float = 0.0, penalty: float = 1.0, biases: list[str] | None = None) -> Drawing:
    return drawing_of(
        temperature=temperature,
        top_k=3,
        top_p=None,
        min_p=None,
        repetition_penalty=penalty,
        presence_penalty=0.0,
        frequency_penalty=0.0,
        logit_bias=biases,
    )


def test_tokens_are_drawn_as_the_options_say() -> None:
    sampling = drawing(temperature=0.5, biases=["7=-1.5"]).sampling()
    assert (sampling.temperature, sampling.top_k, sampling.top_p) == (0.5, 3, None)
    assert sampling.logit_bias == {7: -1.5}


def test_values_out_of_range_are_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="temperature -1"):
        drawing(temperature=-1)
    with pytest.raises(SettingsError, match="--logit-bias 'x'"):
        drawing(biases=["x"])


def test_two_readings_agree_on_what_is_not_drawn() -> None:
    drawing().check_reread(0)
    with pytest.raises(SettingsError, match="with a temperature"):
        drawing(temperature=0.5).check_reread(0)
    with pytest.raises(SettingsError, match="repetition penalty"):
        drawing(penalty=1.5).check_reread(0)
    with pytest.raises(SettingsError, match="min new tokens"):
        drawing().check_reread(2)
