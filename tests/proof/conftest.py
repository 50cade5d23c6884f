"""What the helpers of this folder assert is explained as in tests."""

import pytest

pytest.register_assert_rewrite("tests.proof.interrupted")
