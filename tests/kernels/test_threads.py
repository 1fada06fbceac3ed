"""Who uses the cores changes how fast a kernel is, and nothing else."""

import multiprocessing
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import numpy as np
import pytest

from autograd_lite.kernels import conv, threads

threadpoolctl = pytest.importorskip("threadpoolctl")


@pytest.fixture(autouse=True)
def _settings_as_they_were():
    with threads.threads(None):
        yield


def blas_threads():
    return [library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]


def everything(seed=0):
    """All convolutions of one network, with their gradients."""
    rng = np.random.default_rng(seed)
    results = []
    for channels, dtype in [(1, np.float32), (8, np.float32), (8, np.float64)]:
        x, w = (
            rng.standard_normal((7, channels, 9, 8)).astype(dtype),
            rng.standard_normal((8, channels, 3, 3)).astype(dtype),
        )
        y = conv.conv2d(x, w)
        results += [y, conv.conv2d_input_gradient(y, w, x.shape), conv.conv2d_weight_gradient(y, x, w.shape)]
    return results


def assert_same(results, expected):
    for result, other in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, other, rtol=1e-4, atol=1e-4)


def test_results_do_not_depend_on_the_number_of_threads():
    expected = everything()
    for n in (1, 2, 3, 16):
        threads.set_threads(n)
        assert threads.count() == n
        assert_same(everything(), expected)
        with mock.patch.object(threads, "LEAST", 0):  # so that even these are shared
            assert_same(everything(), expected)


def test_work_is_shared_where_there_is_enough_of_it():
    threads.set_threads(3)
    assert threads.parts(threads.LEAST) == 3
    assert threads.parts(threads.LEAST - 1) == 1


def test_blas_has_one_thread_while_ours_work_and_then_as_many_as_before():
    before = blas_threads()
    with threads.threads(2):
        assert set(blas_threads()) <= {1}
        threads.set_threads(3)
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before
    assert threads.count() == 1


def test_without_threadpoolctl_openblas_is_asked_directly():
    before = blas_threads()
    with mock.patch.dict(sys.modules, {"threadpoolctl": None}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where NumPy has another BLAS
        threads.set_threads(2)
        assert threads.count() == 1 or 1 in blas_threads()
        threads.set_threads(None)
    assert blas_threads() == before


def test_a_blas_that_cannot_be_limited_keeps_the_cores():
    with mock.patch.object(threads, "_limit_blas", return_value=None):
        with pytest.warns(UserWarning, match="cannot be limited"):
            threads.set_threads(2)
        assert threads.count() == 1


def test_a_number_of_threads_below_one_is_refused_and_changes_nothing():
    threads.set_threads(2)
    with pytest.raises(ValueError, match=r"whole number of threads.*got 2\.5"):
        threads.set_threads(2.5)
    with pytest.raises(ValueError, match="at least 1, or None; got 0"):
        threads.set_threads(0)
    assert threads.count() == 2


def test_an_error_in_one_part_of_the_batch_is_raised():
    def fail(task):
        if task == 1:
            raise KeyError(task)

    threads.set_threads(2)
    with pytest.raises(KeyError):
        threads.run(fail, range(3))


def test_results_come_in_the_order_of_the_tasks_and_the_caller_works_too():
    threads.set_threads(2)
    both = threading.Barrier(2, timeout=20)

    def work(task):
        if task < 2:
            both.wait()  # two tasks at a time, or this would wait in vain
        return task, threading.current_thread()

    results = threads.run(work, range(5))
    assert [task for task, _ in results] == list(range(5))
    assert threading.main_thread() in [worker for _, worker in results]


def test_a_task_may_have_tasks_of_its_own():
    threads.set_threads(2)
    assert threads.run(lambda i: threads.run(lambda j: i * j, range(3)), range(3)) == [[0, 0, 0], [0, 1, 2], [0, 2, 4]]


def test_errstate_of_the_caller_holds_in_all_threads():
    threads.set_threads(2)
    with np.errstate(divide="ignore"):
        assert threads.run(lambda x: np.float64(1) / x, np.zeros(4)) == [np.inf] * 4


def test_kernels_may_be_called_from_several_threads_at_once():
    expected = [everything(seed) for seed in range(4)]
    for n in (None, 2):
        threads.set_threads(n)
        start = threading.Barrier(4)

        def work(seed, start=start):
            start.wait()
            return [everything(seed) for _ in range(5)]

        with ThreadPoolExecutor(4) as pool:
            for results, right in zip(pool.map(work, range(4)), expected, strict=True):
                for result in results:
                    assert_same(result, right)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork")
def test_a_forked_process_can_use_threads_too():
    code = """
import os, warnings, numpy as np
from autograd_lite.kernels import conv, threads
threads.set_threads(2)
x, w = np.ones((4, 1, 5, 5)), np.ones((1, 1, 3, 3))
y = conv.conv2d(x, w)
warnings.simplefilter("ignore")  # forking beside threads
child = os.fork()
if not child:
    os._exit(0 if np.array_equal(conv.conv2d(x, w), y) else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(("value", "count"), [("3", 3), (" BLAS ", 1), ("", 1), ("many", 1), ("0", 1), ("-2", 1)])
def test_the_environment_chooses_once_and_nonsense_is_ignored_with_one_warning(monkeypatch, value, count):
    monkeypatch.setenv(threads.VARIABLE, value)
    monkeypatch.setattr(threads, "_count", None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert [threads.count(), threads.count()] == [count, count]
    nonsense = value not in ("3", " BLAS ", "")
    assert [threads.VARIABLE in str(w.message) for w in caught] == [True] * nonsense


def test_importing_the_kernels_leaves_blas_alone():
    code = """
import threadpoolctl, numpy
before = threadpoolctl.threadpool_info()
from autograd_lite.kernels import conv, pool, threads
conv.conv2d(numpy.ones((2, 1, 3, 3)), numpy.ones((1, 1, 2, 2)))
assert threadpoolctl.threadpool_info() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
