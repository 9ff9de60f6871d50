"""The command line as a user meets it: what it prints, its exit codes, its JSON."""

import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from etl_project import progress
from etl_project.captures import catalogue
from etl_project.cli import document as cli_document
from etl_project.cli.main import app
from etl_project.command import command_line
from etl_project.lake import PROJECT, Lake
from etl_project.run import Summary
from etl_project.tables import SCHEMA_VERSION
from etl_project_tests.conftest import N_FILES, N_MENTIONS, N_PAPERS, SAMPLES, FormsRun, capture, rows_of

Papers = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def samples(sample_run: tuple[Lake, Summary]) -> Lake:
    return sample_run[0]


#: ``papers``, and every word that Python has with a network is written down.
_OVERHEARD = """
import sys
log = open(sys.argv.pop(1), "a")
def hear(event, values):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"):
        if not isinstance(values[-1], (str, bytes)) or not event.endswith("connect"):  # a name: a socket of this machine
            print(event, values, file=log, flush=True)
sys.addaudithook(hear)
from etl_project.cli.main import main
main()
"""


class FirstRun(NamedTuple):
    """A run of the samples, in a network of its own with nobody in it (``alone``), if this process may make one."""

    lake: Lake
    done: subprocess.CompletedProcess[str]
    said_to_a_network: str
    alone: bool


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    folder = tmp_path_factory.mktemp("first_run")
    lake, log = Lake(folder / "a lake"), folder / "heard"
    command = [sys.executable, "-c", _OVERHEARD, str(log), "run", str(SAMPLES), "--lake", str(lake.root)]
    # with eth0 and the like gone, and no way to this machine's own servers either
    apart = ["unshare", "--map-root-user", "--net"]
    alone = (
        bool(shutil.which("unshare"))
        and not subprocess.run([*apart, "true"], capture_output=True, check=False).returncode
    )
    done = subprocess.run(
        [*(apart if alone else []), *command], capture_output=True, text=True, check=False, cwd=PROJECT
    )
    return FirstRun(lake, done, log.read_text("utf-8"), alone)


def test_a_run_tells_files_papers_checks_places_and_what_next(first_run: FirstRun) -> None:
    lake, done = first_run.lake, first_run.done
    assert done.returncode == 0
    for said in (
        "daily_2026-06-11.txt",
        "text_with_metadata",
        f"papers: {N_PAPERS} ({N_PAPERS} new, 0 known, 0 merged) from {N_MENTIONS} mentions",
    ):
        assert said in done.stdout
    assert "passed, 0 failed, 0 warned" in done.stdout
    assert str(lake.database) in done.stdout
    assert f"parsed: {N_FILES} of {N_FILES} dumps" in done.stderr
    assert "leaked" not in done.stderr
    following = done.stdout.splitlines()[-1].removeprefix("next:").strip()
    again = subprocess.run(following, shell=True, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert again.returncode == 0, following
    assert "paper_id" in again.stdout


def test_a_run_says_nothing_to_any_network(first_run: FirstRun) -> None:
    assert first_run.done.returncode == 0
    assert first_run.said_to_a_network == ""


def test_a_run_is_whole_where_there_is_no_network(first_run: FirstRun) -> None:
    if not first_run.alone:
        pytest.skip("a network namespace needs unshare and rights that this process has not")
    assert first_run.done.returncode == 0
    assert rows_of(first_run.lake, "select count(*) from papers") == [(N_PAPERS,)]


def test_status_tells_rows_and_when(samples: Lake, papers: Papers) -> None:
    assert f" {N_PAPERS}\n" in papers("status", lake=samples).stdout
    status = json.loads(papers("status", "--json", lake=samples).stdout)
    assert status["rows"]["papers"] == N_PAPERS
    assert status["schema_version"] == SCHEMA_VERSION


def test_status_tells_what_waits_for_the_next_run(samples_copy: Lake, papers: Papers) -> None:
    """Of the inbox what no run has taken, whatever the files are called, and decisions that are not applied yet."""
    samples_copy.inbox.mkdir(exist_ok=True)
    sample = PROJECT / "data_lake" / "samples" / "trending_papers.md"
    shutil.copy2(sample, samples_copy.inbox)
    shutil.copy(sample, samples_copy.inbox / "under_another_name.md")
    (samples_copy.inbox / "new.md").write_text("not seen before", "utf-8")
    assert papers("leave-out", sample.name, "--why", "twice", lake=samples_copy).returncode == 0
    shown = papers("status", lake=samples_copy).stdout
    assert "inbox      3 files, 1 of them not taken in yet" in shown
    assert "1 decisions wait for the next run" in shown
    told = json.loads(papers("status", "--json", lake=samples_copy).stdout)
    assert [told[key] for key in ("files_in_inbox", "files_waiting", "decisions_waiting")] == [3, 1, 1]
    assert papers("leave-out", sample.name, "--undo", lake=samples_copy).returncode == 0
    assert json.loads(papers("status", "--json", lake=samples_copy).stdout)["decisions_waiting"] == 0


def test_sql_prints_tables_csv_and_json(samples: Lake, papers: Papers) -> None:
    query = "select title, n_authors from papers order by title limit 3"
    table = papers("sql", query, lake=samples).stdout
    rows = list(csv.DictReader(io.StringIO(papers("sql", query, "-f", "csv", lake=samples).stdout)))
    objects = json.loads(papers("sql", query, "-f", "json", lake=samples).stdout)
    assert [row["title"] for row in rows] == [row["title"] for row in objects]
    assert all(row["title"][:20] in table for row in objects)
    assert isinstance(objects[0]["n_authors"], int | None)


def test_sql_prints_values_as_exports_have_them(samples: Lake, papers: Papers) -> None:
    query = (
        "select true as yes, 1.50::decimal(5, 2) as price, 'nan'::double as odd, null as gone, '' as empty, [1, 2] as list, "
        "timestamp '2026-01-01 10:00:00' as at, date '2026-01-01' as day, -3 as below, '-3' as text, 'a' || chr(8205) || 'b' || chr(8238) as mark"
    )
    (cells,) = list(csv.reader(io.StringIO(papers("sql", query, "-f", "csv", lake=samples).stdout)))[1:]
    assert cells == [
        *("true", "1.50", "nan", "", "", "[1, 2]", "2026-01-01T10:00:00", "2026-01-01", "-3", "'-3", "a\u200db "),
    ]
    assert ',,"","[1, 2]",' in papers("sql", query, "-f", "csv", lake=samples).stdout, "a null is no empty text"
    exact = papers("sql", query, "-f", "csv-exact", lake=samples).stdout
    assert exact.endswith(",-3,-3,a\u200db\u202e\n")
    (row,) = json.loads(papers("sql", query, "--json", lake=samples).stdout)
    assert list(row.values()) == [
        *(True, 1.5, None, None, "", [1, 2], "2026-01-01T10:00:00", "2026-01-01", -3, "-3", "a\u200db\u202e"),
    ]


@pytest.mark.parametrize(("query", "told"), [("select 1; select 2", "2 statements"), ("-- nothing", "no statements")])
def test_sql_takes_one_query(query: str, told: str, samples: Lake, papers: Papers) -> None:
    done = papers("sql", query, lake=samples)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


@pytest.mark.parametrize(
    "query", ["select nothing from papers", "selec 1", "delete from papers", "create table x (a int)"]
)
def test_bad_or_writing_sql_is_usage_and_changes_nothing(query: str, samples: Lake, papers: Papers) -> None:
    done = papers("sql", query, lake=samples)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(papers("sql", "select count(*) as n from papers", "-f", "json", lake=samples).stdout) == [
        {"n": N_PAPERS}
    ]


def test_explain_leads_from_a_title_to_files_lines_and_rules(samples: Lake, papers: Papers) -> None:
    query = "select title, paper_id from papers order by n_mentions desc, paper_id limit 1"
    (paper,) = json.loads(papers("sql", query, "-f", "json", lake=samples).stdout)
    by_id = json.loads(papers("explain", paper["paper_id"], "--json", lake=samples).stdout)
    assert by_id["title"] == paper["title"]
    assert by_id["mentions"][0]["rule"] == "new_paper"
    assert len(by_id["mentions"]) == by_id["n_mentions"] >= 2
    shown = papers("explain", paper["paper_id"], lake=samples).stdout
    for mention in by_id["mentions"]:
        assert f"{mention['file_name']} lines {mention['line_start']}-{mention['line_end']}" in shown
        text = (PROJECT / "data_lake" / "samples" / mention["file_name"]).read_text("utf-8-sig").split("\n")
        own = " ".join(text[mention["line_start"] - 1 : mention["line_end"]])
        assert mention["title"] in " ".join(own.split())


def test_explain_shows_each_values_source_and_who_contradicts(forms_run: FormsRun, papers: Papers) -> None:
    paper = json.loads(papers("explain", "2403.01001", "--json", lake=forms_run.lake).stdout)
    files = {mention["mention_id"]: mention["file_name"] for mention in paper["mentions"]}
    of = {source["field"]: files[source["mention_id"]] for source in paper["sources"]}
    assert {"title": "api.json", "abstract": "api.json", "daily_on": "api.json"}.items() <= of.items()
    assert [author["name"] for author in paper["authors"]] == ["Ada Pebble", "Bo Gravel", "Cy Sand"]
    mention = {file: mention for mention, file in files.items()}
    shown = papers("explain", "2403.01001", lake=forms_run.lake).stdout
    for line in (
        f"published_on         2024-03-01   from {mention['api.json']}",
        f"arxiv_published_at   2024-03-01 18:30:05 UTC   from {mention['api.json']}",
        f"daily_on             2024-03-04   from {mention['api.json']}",
        f"n_authors            3: Ada Pebble, Bo Gravel, Cy Sand   from {mention['api.json']}",
        f"(on the page)   11,312 stars on 2026-06-12, from {mention['api.json']}",
        "contradiction: n_authors has 3 different values in 3 mentions",
        "joined by same_title\n",
    ):
        assert line in shown
    assert "contradiction: title" not in shown


def test_explain_of_two_papers_tells_what_parts_them(tmp_path: Path, lake: Lake, papers: Papers) -> None:
    titles = ["Slow Lamps in Long Halls at Night", "Why Halls Need Lamps", "Slow Lmaps in Long Halls at Night 2"]
    words = " ".join(f"In hall {n} we let lamp {n * 7} burn for a week and count the moths." for n in range(12))
    texts = [words + " They last.", words + " None of them lasts, and we say why.", words.replace("lamp", "candle")]
    (tmp_path / "page.txt").write_text(
        "Daily Papers\n\n" + "".join(f"{t}\n\n{a}\n\n" for t, a in zip(titles, texts, strict=True)), "utf-8"
    )
    assert papers("run", tmp_path / "page.txt", lake=lake).returncode == 0
    told = json.loads(papers("explain", titles[0], titles[1], "--json", lake=lake).stdout)
    assert (told["verdict"], told["related"], told["same_text"]) == ("two papers", "retitled", False)
    assert told["containment"] > 0.5
    assert "texts under other titles never join" in told["reason"]
    shown = papers("explain", titles[0], titles[2], lake=lake).stdout
    assert "two papers: " in shown and "title keys       2 edits apart" in shown
    assert "one paper" in papers("explain", titles[0], titles[0], lake=lake).stdout
    assert "looks like" in papers("explain", titles[0], lake=lake).stdout


@pytest.mark.parametrize(
    "name", ["2403.01001v2", "https://huggingface.co/papers/2403.01001", "https://arxiv.org/abs/2403.01001v1"]
)
def test_explain_takes_the_addresses_and_versions_of_a_paper(forms_run: FormsRun, papers: Papers, name: str) -> None:
    asked = [papers("explain", given, lake=forms_run.lake) for given in (name, "2403.01001")]
    assert asked[0].returncode == 0
    assert asked[0].stdout == asked[1].stdout


def test_explain_of_a_card_says_that_nothing_stands_in_the_abstracts_place(forms_run: FormsRun, papers: Papers) -> None:
    shown = papers("explain", "2403.01003", lake=forms_run.lake).stdout
    assert "abstract             - (no page shows it)\n" in shown
    assert "daily_on             -\n" in shown


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("update publication set schema_version = 1", f"lacks schema version {SCHEMA_VERSION}: it has 1; publish anew"),
        ("alter table github_links drop column stars_on", "lacks the column github_links.stars_on; publish anew"),
        ("drop table paper_changes", "lacks the column paper_changes.paper_id; publish anew"),
    ],
)
def test_explain_of_a_publication_of_another_version_says_what_to_do(
    change: str, told: str, samples: Lake, lake: Lake, papers: Papers
) -> None:
    lake.published.mkdir(parents=True)
    shutil.copy(samples.database, lake.database)
    with duckdb.connect(str(lake.database)) as connection:
        connection.execute(change)
    done = papers("explain", "attention", lake=lake)
    assert (done.returncode, done.stdout) == (4, "")
    assert told in done.stderr and f"run --lake {lake.root}" in done.stderr


def test_explain_asks_which_of_several_papers_is_meant(samples: Lake, papers: Papers) -> None:
    done = papers("explain", "attention is not a budget", lake=samples)
    assert done.returncode == 2
    assert done.stderr.count("Attention Is Not a Budget") == 2
    assert papers("explain", "no such paper anywhere", lake=samples).returncode == 4


def test_rejects_of_a_clean_lake_are_none(samples: Lake, papers: Papers) -> None:
    assert json.loads(papers("rejects", "--json", lake=samples).stdout) == []


def test_a_lake_without_publication_says_what_to_run(lake: Lake, papers: Papers) -> None:
    for command in (["status"], ["sql", "select 1"], ["explain", "x"], ["rejects"], ["check"]):
        done = papers(*command, lake=lake)
        assert done.returncode == 4
        assert "papers run" in done.stderr


def test_nothing_to_take_in_says_what_to_do(lake: Lake, papers: Papers) -> None:
    done = papers("run", lake=lake)
    assert done.returncode == 4
    assert f"run PATH... --lake {lake.root}" in done.stderr
    assert not lake.root.exists()


@pytest.fixture(scope="module")
def inbox(papers: Papers, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, list[str]]:
    """A lake whose inbox was taken twice, and what the two runs printed: first as JSON, then as text."""
    lake = Lake(tmp_path_factory.mktemp("inbox") / "lake")
    lake.inbox.mkdir(parents=True)
    (lake.inbox / "page.txt").write_text(capture(("From the Inbox", "reed")), "utf-8")
    (lake.inbox / ".git").mkdir()
    (lake.inbox / ".git" / "config").write_text("hidden", "utf-8")
    (lake.inbox / ".hidden.txt").write_text("hidden", "utf-8")
    (lake.inbox / ".gitkeep").touch()
    done = [papers("run", *options, lake=lake) for options in (["--json"], [])]
    assert [run.returncode for run in done] == [0, 0], done
    return lake, [run.stdout for run in done]


def test_the_inbox_is_taken_without_paths_and_left_as_it_is(inbox: tuple[Lake, list[str]], papers: Papers) -> None:
    lake, (_, again) = inbox
    assert (lake.inbox / "page.txt").exists()
    assert "From the Inbox" in papers("sql", "select title from papers", "-f", "csv", lake=lake).stdout
    assert "known" in again


def test_a_run_as_json_is_json_with_the_exit_code(inbox: tuple[Lake, list[str]]) -> None:
    summary = json.loads(inbox[1][0])
    assert (summary["exit_code"], summary["published"], summary["hidden"]) == (0, True, 2)
    assert {file["outcome"] for file in summary["files"]} == {"new"}


def test_files_whose_names_begin_with_a_dot_are_counted(inbox: tuple[Lake, list[str]]) -> None:
    assert "\n2 files were passed over: their names, or their folders', begin with a dot\n" in inbox[1][1]


def test_what_comes_next_can_be_pasted_wherever_one_is(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # `papers` itself is not there
    here = tmp_path / "here"
    here.mkdir()
    for place in (PROJECT, Path("/"), here):
        monkeypatch.chdir(place)
        shown = subprocess.run(command_line(lake, "--version"), shell=True, capture_output=True, text=True, check=False)
        assert shown.returncode in (0, 2) and "not found" not in shown.stderr, (place, shown.stderr)
    here.rmdir()
    script = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from etl_project.cli.main import main; main()",
    ]
    done = subprocess.run([*script, "status", "--lake", "x"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.startswith("papers: the folder in which you are was deleted")) == (2, True)
    assert Path(shlex.split(command_line(lake, "run"))[0]).is_absolute()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--nonsense"],
        ["nonsense"],
        ["sql"],
        ["sql", "select 1", "-f", "xml"],
        ["run", ""],
        ["sql", ""],
        ["ui", "--port", "99999"],
    ],
)
def test_wrong_usage_is_exit_code_two(arguments: list[str], papers: Papers) -> None:
    done = papers(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_columns_of_one_name_are_never_dropped(samples: Lake, papers: Papers) -> None:
    for output in ("csv", "json"):
        done = papers("sql", "select 1 as n, 2 as n", "-f", output, lake=samples)
        assert (done.returncode, done.stdout) == (2, "")
        assert "several columns are called n" in done.stderr


def test_a_query_may_start_with_a_comment_but_write_no_file(samples: Lake, papers: Papers, tmp_path: Path) -> None:
    query = "-- how many\nselect count(*) as n from papers"
    assert papers("sql", query, "-f", "csv", lake=samples).stdout == f"n\n{N_PAPERS}\n"
    done = papers("sql", f"copy papers to '{tmp_path / 'out.csv'}'", lake=samples)
    assert done.returncode == 2
    assert not (tmp_path / "out.csv").exists()


def test_a_lake_that_is_a_file_is_wrong_usage(tmp_path: Path, papers: Papers) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    for command in (["status"], ["run", PROJECT / "data_lake" / "samples"]):
        done = papers(*command, lake=Lake(tmp_path / "file"))
        assert done.returncode == 2
        assert "a lake is a folder" in done.stderr


def test_every_command_has_help_with_a_sentence(papers: Papers) -> None:
    names = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert set(names) == {
        "run",
        "fetch",
        "status",
        "sql",
        "explain",
        "export",
        "merge",
        "split",
        "rebuild",
        "reparse",
        "leave-out",
        "search",
        "forms",
        "report",
        "explore",
        "rejects",
        "check",
        "doctor",
        "ui",
    }


_EXAMPLES = re.findall(
    r"`(papers [^`]+)`", " ".join(re.findall(r"Examples?: (.*?)(?:\n\n|$)", cli_document.document(), re.DOTALL))
)


def test_every_command_has_an_example_in_its_help() -> None:
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert {shlex.split(example)[1] for example in _EXAMPLES} == names


@pytest.mark.parametrize("example", _EXAMPLES)
def test_the_examples_of_the_help_are_taken_by_the_commands(example: str) -> None:
    _, name, *arguments = shlex.split(example)
    command = get_command(app).commands[name]
    command.make_context(name, arguments)  # names of options and numbers of arguments fit, or it raises


@pytest.mark.parametrize(
    "example", [one for one in _EXAMPLES if shlex.split(one)[1] in {"sql", "status", "report", "check", "rejects"}]
)
def test_examples_that_only_ask_work_on_the_samples(
    example: str, sample_run: tuple[Lake, Summary], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.launch", lambda url: None)  # a browser, which the machine may not have
    done = CliRunner().invoke(app, [*shlex.split(example)[1:], "--lake", str(sample_run[0].root)])
    assert done.exit_code == 0, done.output


def test_the_page_of_commands_is_what_they_say() -> None:
    assert cli_document.PATH.read_text("utf-8") == cli_document.document(), "make dictionary"


def test_every_command_that_tells_something_tells_it_as_json() -> None:
    commands = get_command(app).commands
    without = {name for name, one in commands.items() if "--json" not in {flag for p in one.params for flag in p.opts}}
    assert without == {"ui", "explore"}


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["statsu"], "Did you mean 'status'?"),
        (["check", "key_is_uniqe"], "Did you mean key_is_unique?"),
        (["rejects", "--reason", "wraped_lines"], "Did you mean wrapped_lines?"),
        (["run", "--accept", "titles_difer"], "Did you mean titles_differ?"),
        (["leave-out", "daily_2026-06-11.tx", "--why", "x"], "Did you mean daily_2026-06-11.txt?"),
        (["explain", "browsr cartografy"], "Browser Cartography: Persistent Site Maps for Web Agents"),
    ],
)
def test_a_mistyped_name_is_answered_with_what_is_meant(
    arguments: list[str], meant: str, sample_run: tuple[Lake, Summary]
) -> None:
    lake = [] if arguments == ["statsu"] else ["--lake", str(sample_run[0].root)]
    done = CliRunner().invoke(app, [*arguments, *lake])
    assert done.exit_code in (2, 4) and meant in done.output, done.output


def test_a_mistake_is_told_in_two_lines_and_where_it_was_only_if_asked(
    papers: Papers, sample_run: tuple[Lake, Summary], lake: Lake
) -> None:
    shutil.copytree(sample_run[0].published, lake.published, symlinks=True)
    with lake.database.open("r+b") as file:  # damage that no command expects
        file.truncate(20_000)
    done = papers("status", lake=lake)
    assert done.returncode == 70 and "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 2
    assert "papers doctor" in done.stderr
    assert "Traceback" in papers("status", "--debug", lake=lake).stderr


def test_status_imports_nothing_heavy(sample_run: tuple[Lake, Summary]) -> None:
    code = (
        "import sys; from etl_project.cli.main import app\n"
        f"try: app(['status', '--lake', {str(sample_run[0].root)!r}])\n"
        "except SystemExit: pass\n"
        "print({'polars', 'pandas', 'dagster', 'bs4', 'pyarrow', 'great_expectations', 'numpy', 'rich.progress'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_shell_completes_commands(papers: Papers) -> None:
    environment = {**os.environ, "COMP_WORDS": "papers re", "COMP_CWORD": "1", "_PAPERS_COMPLETE": "complete_bash"}
    done = subprocess.run([sys.executable, "-c", "from etl_project.cli.main import app; app(prog_name='papers')"], env=environment, capture_output=True, text=True, check=False)  # fmt: skip
    assert {"rebuild", "rejects", "reparse", "report"} <= set(done.stdout.split())


def test_long_work_is_told_with_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from etl_project.cli import progress as shown

    clock = iter(range(0, 100, 3))
    monkeypatch.setattr(shown.time, "monotonic", lambda: float(next(clock)))
    listener = shown.Shown()
    monkeypatch.setattr(progress, "listener", listener.counted)
    assert list(progress.each(range(5), "captures read", 5)) == [0, 1, 2, 3, 4]
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["  captures read: 4 of 5, 0.3 a second, 3 s left"]


def test_in_a_terminal_there_is_a_bar_that_goes_and_none_for_short_work() -> None:
    code = (
        "import time; from etl_project import progress; from etl_project.cli import progress as shown\n"
        "shown._SHORT = 0.2; shown.show_progress()\n"
        "for _ in progress.each(range(8), 'captures read', 8): time.sleep(0.1)\n"
        "for _ in progress.each(range(8), 'quick work', 8): pass\n"
        "print('the end')"
    )
    done = subprocess.run(
        ["script", "-qec", shlex.join([sys.executable, "-c", code]), "/dev/null"], capture_output=True, text=True, check=True,
        env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    assert "captures read" in done.stdout and "8" in done.stdout and "a second" in done.stdout
    assert "quick work" not in done.stdout and done.stdout.rstrip().endswith("the end")


def test_forms_of_a_folder_says_what_to_give(papers: Papers, tmp_path: Path) -> None:
    done = papers("forms", tmp_path)
    assert done.returncode == 4
    assert "a folder; give one capture file" in done.stderr


def test_forms_shows_the_catalogue_and_how_a_file_is_recognised(papers: Papers, tmp_path: Path) -> None:
    shown = papers("forms").stdout
    assert all(form.name in shown and form.known_by in shown for form in catalogue.READ)
    sample = PROJECT / "data_lake" / "samples" / "trending_papers.md"
    told = json.loads(papers("forms", sample, "--json").stdout)
    assert (told["form"], told["records"], told["unknown host"]) == ("markdown_trending", 4, None)
    reached = 0
    for stretch in told["where"]:  # every line of the file is in exactly one stretch
        assert stretch["first"] == reached + 1
        reached = stretch["last"]
    assert reached == len(sample.read_text("utf-8").splitlines())
    binary = tmp_path / "page.bin"
    binary.write_bytes(bytes(range(256)))
    unread = papers("forms", binary)
    assert unread.returncode == 4
    assert "binary_file" in unread.stdout and "give the page's text" in unread.stdout
    dated = shutil.copy(sample, tmp_path / "of_2026-06-20.json")
    assert "captured on  2026-06-20 (file_name)" in papers("forms", dated).stdout
    missing = papers("forms", tmp_path / "none.md")
    assert missing.returncode == 4 and "no such file" in missing.stderr


def test_csv_of_no_rows_has_its_header(papers: Papers, samples: Lake) -> None:
    done = papers("sql", "select paper_id, title from papers where false", "--format", "csv", lake=samples)
    assert (done.returncode, done.stdout) == (0, "paper_id,title\n")


def test_a_mistyped_option_of_search_is_no_word(papers: Papers, samples: Lake) -> None:
    done = papers("search", "estimator", "--yaer", "2026", lake=samples)
    assert done.returncode == 2 and "--year" in done.stderr


def test_without_a_publication_a_command_says_why(papers: Papers, lake: Lake) -> None:
    done = papers("status", lake=lake)
    assert done.returncode == 4 and "there is no such folder" in done.stderr
    lake.warehouse.parent.mkdir(parents=True)
    lake.warehouse.touch()  # a run came as far as this
    done = papers("search", "x", lake=lake)
    assert done.returncode == 4 and "rejects" in done.stderr and "check --failed" in done.stderr
