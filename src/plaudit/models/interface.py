"""Model: the one interface to anything that can be asked, wherever it runs.

A model is asked with turns (:class:`plaudit.core.sample.Turn`: a role and parts, each a text or a medium) and answers
with a :class:`Reply`, with log-probabilities or with embeddings. It declares what it can do, so that a reward that
needs more is refused when it is built. What goes wrong is a :class:`ModelError`, never a reply.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from plaudit.core.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from plaudit.core.media import Media
    from plaudit.core.sample import ToolCall, Turn

__all__ = ["CAPABILITIES", "Capability", "Model", "Reply", "Sampling", "TokenLogprob", "Usage"]

Capability = Literal[
    "generate", "image", "video", "audio", "tools", "top_logprobs", "continuation", "embed_text", "embed_image"
]
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to generate.

    Attributes:
        max_tokens: the longest reply.
        temperature: 0 is greedy.
        top_p: nucleus, 0 to 1.
        stop: texts that end a reply and are not part of it.
        n: how many replies.
        seed: for services that take one; None leaves it out.
    """

    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    n: int = 1
    seed: int | None = None


class TokenLogprob(NamedTuple):
    """A token's text and its natural log-probability."""

    token: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call cost: calls (retries included), tokens, money in the price list's currency, seconds."""

    calls: int = 1
    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply.

    Attributes:
        text: what the model wrote.
        finish: ``stop``, ``length`` (cut off), ``tool_calls`` or ``refusal``.
        tool_calls: calls in the model's native format.
        usage: what the call cost; of n replies to one call the first carries it all.
        version: what the model says it is (a server's ``model`` field, a checkpoint's digest).
    """

    text: str
    finish: str = "stop"
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)
    version: str = ""


class Model(ABC):
    """Anything that can be asked. Its methods are coroutines that run on the engine's background loop.

    Attributes:
        ref: the address it was opened by (``http://host/v1#name``, ``hf:org/name``, ``pocket``); holds no secret.
        capabilities: what it can do.
    """

    ref: str
    capabilities: frozenset[Capability]

    @abstractmethod
    async def generate(
        self, messages: Sequence[Turn], sampling: Sampling = Sampling(), tools: Sequence[Mapping[str, Any]] = ()
    ) -> list[Reply]:
        """Return ``sampling.n`` replies to the messages. ``tools`` are JSON schemas in the OpenAI form.

        Raises:
            ModelError: no reply came; its ``status`` says what that makes of a score.
        """

    async def top_logprobs(self, messages: Sequence[Turn], k: int = 20, prefix: str = "") -> list[TokenLogprob]:
        """Return the k likeliest next tokens where the assistant has so far said ``prefix``, likeliest first."""
        raise self._cannot("top_logprobs")

    async def continuation(self, messages: Sequence[Turn], text: str) -> list[TokenLogprob]:
        """Return every token of ``text``, said by the assistant, with its log-probability."""
        raise self._cannot("continuation")

    async def embed(self, items: Sequence[str | Media]) -> NDArray[np.float32]:
        """Return one vector an item: float32 (n, d), not normalised."""
        raise self._cannot("embed_text")

    def require(self, who: str, *needed: Capability) -> None:
        """Check that the model can do what ``who`` needs of it.

        Raises:
            ConfigError: it can't; the message names the model, the capability and who asks.
        """
        lacking = [name for name in needed if name not in self.capabilities]
        if lacking:
            raise ConfigError(f"{who} needs a model with {', '.join(lacking)}; {self.ref} has none of it")

    def _cannot(self, what: str) -> ConfigError:
        return ConfigError(f"{self.ref} has no {what}")
