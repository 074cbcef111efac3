import subprocess
import sys

from componentstream import observe

CORE = {"componentstream", "attr", "attrs", "typing_extensions"}


def test_the_package_exports_its_factories():
    assert observe.__all__ == ["logging_hook", "opentelemetry_hook", "prometheus_hook"]
    assert all(callable(getattr(observe, name)) for name in observe.__all__)


def test_importing_it_loads_nothing_but_the_core_and_the_standard_library():
    program = (
        "import sys; before = set(sys.modules); import componentstream.observe; "
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"componentstream.observe.prometheus", "componentstream.observe.opentelemetry"} <= loaded
    assert {name.split(".")[0] for name in loaded} - sys.stdlib_module_names <= CORE
