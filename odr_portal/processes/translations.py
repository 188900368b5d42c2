"""The catalogues of translations in their compiled form, which Django reads; where it is missing pages are Chinese."""

from pathlib import Path

from web.environment import ROOT

WHAT_TO_DO = "Install the package (`make package`), or run `python -m odr_portal.processes.local translations`."


def _catalogues() -> list[Path]:
    return sorted(ROOT.glob("locale/**/LC_MESSAGES/django.po"))


def not_compiled() -> list[Path]:
    return [source for source in _catalogues() if not source.with_suffix(".mo").exists()]


def compile_newer() -> None:
    """Compile each catalogue that is newer than its compiled form."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in _catalogues():
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns:
            with source.open("rb") as stream:
                catalogue = read_po(stream)
            with compiled.open("wb") as target:
                write_mo(target, catalogue)


def refuse_to_start() -> None:
    """Ends what would serve Chinese pages that say they are English."""
    if missing := not_compiled():
        raise SystemExit(f"Translations are not compiled ({len(missing)} files). {WHAT_TO_DO}")
