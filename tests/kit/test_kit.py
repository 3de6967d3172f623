"""The kit fails every adapter that breaks a promise, in the tests that speak of it."""

from collections import Counter
from inspect import getmembers, isfunction
from itertools import chain

import pytest

from certcore.testing import (
    DirectoryContract,
    DocumentStoreContract,
    EnrolmentContract,
    ExportStoreContract,
    InboxContract,
    JobQueueContract,
    StorageContract,
)

pytest_plugins = ["pytester"]

CONTRACTS = [
    EnrolmentContract,
    DirectoryContract,
    DocumentStoreContract,
    ExportStoreContract,
    InboxContract,
    JobQueueContract,
    StorageContract,
]

BINDING = """
import pytest
from certcore.testing import *
from certcore.testing.catalog import ITEMS
from certcore.testing.notifiers import Received
from tests.kit.wrong import *
from tests.kit.wrong_catalogs import *
from tests.kit.wrong_lives import *
from tests.kit.wrong_notifiers import *
from tests.kit.wrong_notices import *
from tests.kit.wrong_searches import *

class TestWrong({contract}):
    @pytest.fixture
    def storage(self):
        return MemoryStorage()

    @pytest.fixture
    def {fixture}(self):
        return {adapter}

    @pytest.fixture
    def learning(self, catalog):
        return catalog

    def damage(self, documents, ref, content):
        documents._kept[ref] = documents._kept[ref][0], content

    def received(self, notifier):
        return [Received.of(each) for each in notifier._kept.values()]
"""

WRONG_STORAGES = {
    "storage_with(SecondHoldings)": [
        "test_what_is_unique_to_an_award_is_taken_once[live holding]",
        "test_what_is_unique_to_an_award_is_unique_within_a_batch[live holding]",
        "test_an_ended_award_cannot_come_back_beside_a_live_one",
        "test_one_thread_wins_and_the_others_get_conflict[live award]",
        "test_losers_find_the_winner",
    ],
    "storage_with(LastWriterWins)": [
        "test_an_update_of_an_award_needs_the_next_version[older]",
        "test_an_update_of_an_award_needs_the_next_version[same]",
        "test_an_update_of_an_award_needs_the_next_version[skipping one]",
        "test_an_update_of_an_award_not_there_is_a_conflict",
        "test_updates_of_awards_are_all_or_none",
        "test_one_thread_wins_and_the_others_get_conflict[award version]",
    ],
    "storage_with(HalfBatches)": [
        "test_what_is_unique_to_an_award_is_taken_once[id]",
        "test_what_is_unique_to_an_award_is_taken_once[live holding]",
        "test_what_is_unique_to_an_award_is_unique_within_a_batch[number]",
        "test_a_transaction_is_usable_after_a_conflict[award]",
    ],
    "storage_with(FoldedLearners)": ["test_learners_are_told_apart_by_code_point[ada-Ada]"],
    "storage_with(HalfTokens)": ["test_awards_not_there_are_absent"],
    "storage_with(WholeSeconds)": [
        "test_an_award_comes_back_as_it_was[microseconds]",
        "test_an_award_comes_back_as_it_was[the least]",
    ],
    "storage_with(SkippedTies)": [
        "test_pages_are_complete_and_without_repeats[1]",
        "test_pages_are_complete_and_without_repeats[7]",
        "test_pages_stay_whole_while_awards_are_added",
        "test_filters_and_pages_go_together",
    ],
    "storage_with(CountedPages)": ["test_pages_stay_whole_while_awards_are_added"],
    "storage_with(LateStatuses)": [
        "test_statuses_change_at_the_very_instant",
        "test_statuses_are_those_of_the_domain",
    ],
    "storage_with(NobodyIsEverybody)": ["test_no_learners_match_nobody"],
    "storage_with(LeapingInstants)": ["test_pages_by_day_are_whole_where_all_share_an_instant"],
    "storage_with(SkippedColumns)": [
        "test_columns_come_in_the_same_pages[1]",
        "test_columns_come_in_the_same_pages[3]",
    ],
    "storage_finding(AccentsMatter)": ["test_names_are_found_as_people_type_them[jose garcia-expected0]"],
    "storage_finding(FirstNamesStay)": ["test_a_name_that_is_put_again_replaces_the_first"],
    "storage_finding(LongMemory)": ["test_who_is_forgotten_is_not_found_by_name"],
    "storage_finding(UnrecordedNames)": ["test_the_index_is_part_of_the_transaction"],
    "storage_finding(TitlesOfCodes)": ["test_titles_are_found_alike"],
    "storage_finding(ItemsByKind)": ["test_learners_and_items_of_all_awards_come_in_pages"],
    "storage_finding(DaysOfUtc)": ["test_days_are_those_of_each_awards_own_zone"],
    "LostEvents()": [
        "test_columns_are_stored_as_rows_would_be[1]",
        "test_columns_are_stored_as_rows_would_be[3]",
        "test_columns_are_stored_as_rows_would_be[3000]",
    ],
    "HalfChanges()": [
        "test_who_goes_on_after_a_conflict_commits_no_part[3000]",
        "test_what_fails_while_it_is_made_stores_nothing",
        "test_one_change_that_does_not_fit_stores_none_of_a_batch[1-history]",
        "test_one_change_that_does_not_fit_stores_none_of_a_batch[300-event]",
        "test_one_award_that_is_not_as_it_was_read_keeps_all_from_being_archived[1-history]",
        "test_one_award_that_is_not_as_it_was_read_keeps_all_from_being_archived[300-event]",
    ],
    "StaleTerms()": [
        "test_changes_are_stored_with_history_and_events[3]",
        "test_changes_are_stored_with_history_and_events[300]",
    ],
    "LostSuccessors()": [
        "test_archived_columns_are_stored_as_changes_would_be[1]",
        "test_archived_columns_are_stored_as_changes_would_be[3]",
        "test_archived_columns_are_stored_as_changes_would_be[300]",
    ],
    "storage_with_ledgers(history=EveryAct)": ["test_what_a_job_did_comes_in_pages"],
    "storage_with_ledgers(outbox=LoudEvents)": ["test_a_silenced_event_tells_nobody"],
    "storage_with_ledgers(jobs=OldestJobs)": ["test_jobs_in_a_state_come_oldest_or_newest_first[queued]"],
    "storage_with_ledgers(jobs=UnfinishedJobs)": ["test_jobs_in_a_state_come_oldest_or_newest_first[queued]"],
    "storage_with_ledgers(jobs=ShuffledRejects)": ["test_rejected_rows_come_in_pages_by_line"],
    "storage_with_ledgers(externals=LateVerdicts)": [
        "test_an_update_of_an_external_certificate_needs_the_next_version[older]",
        "test_an_update_of_an_external_certificate_needs_the_next_version[same]",
        "test_an_update_of_an_external_certificate_needs_the_next_version[skipping one]",
        "test_two_changes_of_one_external_certificate_go_in_one_batch",
        "test_one_thread_wins_what_only_one_can_have[verdict]",
    ],
    "storage_with_ledgers(externals=ForkedSeries)": [
        "test_what_is_unique_to_an_external_certificate_is_taken_once[revision]",
        "test_one_thread_wins_what_only_one_can_have[next version of a series]",
    ],
    "storage_with_ledgers(externals=PendingCounts)": ["test_accepted_are_those_that_count"],
    "storage_with_ledgers(externals=TiedSubmissions)": [
        "test_external_certificates_come_in_pages[1]",
        "test_external_certificates_come_in_pages[7]",
        "test_lists_of_external_certificates_are_filtered",
    ],
    "storage_with_ledgers(externals=AnybodysTasks)": ["test_lists_of_external_certificates_are_filtered"],
    "storage_with_ledgers(settings=OverwrittenSettings)": [
        "test_a_change_of_a_setting_needs_the_next_version",
        "test_one_thread_wins_what_only_one_can_have[first setting]",
    ],
    "storage_defining(StickyItems)": [
        "test_unassigned_items_carry_nothing",
        "test_a_deleted_certification_goes_with_all_it_has",
    ],
    "storage_defining(OpenDoors)": ["test_what_is_held_is_as_it_was_read"],
    "storage_defining(ForgottenSwitches)": ["test_an_item_carries_one_certification"],
    "storage_defining(LeftPrints)": ["test_a_deleted_certification_goes_with_all_it_has"],
    "storage_with(Ghosts)": [
        "test_a_deleted_award_takes_all_that_is_its_own",
        "test_what_was_deleted_takes_no_keys",
    ],
    "storage_with(FreedNumbers)": [
        "test_the_number_of_a_tombstone_stays_taken[1]",
        "test_the_number_of_a_tombstone_stays_taken[300]",
        "test_a_transaction_is_usable_after_a_conflict[buried number]",
    ],
    "storage_with(FirstRevocations)": ["test_the_latest_revocation_of_each_learner"],
    "storage_with(EveryEndRevokes)": ["test_the_latest_revocation_of_each_learner"],
    "storage_with(LateStatusRows)": ["test_f32_everybodys_status_changes_at_the_very_instant"],
    "storage_with(EndedLapse)": ["test_f32_tallies_change_at_the_very_instant"],
    "storage_with(EveryEndCounts)": ["test_f32_tallies_change_at_the_very_instant"],
    "storage_with(NobodyIsEverybodyInTallies)": ["test_filters_of_tallies_narrow_together"],
    "storage_with(NobodyIsEverybodyInRows)": ["test_filters_of_statuses_narrow_together"],
    "storage_with(AnyBasis)": ["test_awards_are_found_by_the_items_that_earned_them"],
    "storage_with(EndedAt)": ["test_awards_are_found_by_their_end"],
    "storage_with_ledgers(completions=AlwaysNew)": [
        "test_f16_the_same_completion_again_changes_nothing",
        "test_many_completions_may_come_at_once",
        "test_of_threads_that_report_the_same_completions_each_is_new_to_one",
    ],
    "storage_with_ledgers(completions=LastReportWins)": ["test_f16_the_same_completion_again_changes_nothing"],
    "storage_with_ledgers(completions=OneADay)": [
        "test_completions_are_found_by_learner_and_item",
        "test_completions_are_found_from_an_instant_on",
    ],
    "storage_with_ledgers(completions=AsReported)": ["test_completions_are_found_by_learner_and_item"],
    "storage_with_ledgers(completions=OnlyLater)": ["test_completions_are_found_from_an_instant_on"],
    "storage_with_ledgers(completions=StaleAfterLocks)": [
        "test_f17_who_locks_a_learner_sees_what_those_before_have_done"
    ],
    "storage_with_ledgers(completions=RepeatedLearners)": ["test_learners_who_completed_something_come_in_pages"],
    "storage_with_ledgers(completions=PagesFromTheStart)": ["test_learners_who_completed_something_come_in_pages"],
    "storage_with_ledgers(renewals=RestartedRenewals)": [
        "test_an_award_has_one_renewal",
        "test_one_thread_wins_and_the_others_get_conflict[renewal]",
    ],
    "storage_with_ledgers(renewals=LastRenewalWins)": [
        "test_an_update_of_a_renewal_needs_the_next_version[same]",
        "test_a_transaction_is_usable_after_a_conflict[renewal version]",
    ],
    "storage_with_ledgers(renewals=ClosedWhatever)": [
        "test_one_renewal_that_is_not_as_it_was_read_keeps_all_from_being_closed[version-1]",
        "test_one_renewal_that_is_not_as_it_was_read_keeps_all_from_being_closed[version-300]",
    ],
    "storage_with_ledgers(renewals=ClosedOneByOne)": [
        "test_one_renewal_that_is_not_as_it_was_read_keeps_all_from_being_closed[not there-3]",
        "test_one_renewal_that_is_not_as_it_was_read_keeps_all_from_being_closed[version-300]",
    ],
    "storage_with_ledgers(renewals=SameVersion)": [
        "test_renewals_are_closed_as_they_were_read[1]",
        "test_renewals_are_closed_as_they_were_read[300]",
    ],
    "storage_with_ledgers(deliveries=ToldAgain)": ["test_the_same_thing_is_told_once"],
    "storage_with_ledgers(deliveries=LastAttemptWins)": ["test_an_update_of_a_delivery_needs_the_next_version[older]"],
    "storage_with_ledgers(deliveries=LateDeliveries)": ["test_what_is_due_comes_oldest_first"],
    "storage_with_ledgers(deliveries=OtherKinds)": ["test_what_is_due_comes_oldest_first"],
    "storage_with_ledgers(deliveries=NeverDone)": [
        "test_what_is_due_comes_oldest_first",
        "test_deliveries_may_be_many",
    ],
    "storage_with_ledgers(tombstones=SecondTombstones)": ["test_a_number_has_one_tombstone"],
    "storage_with_ledgers(outbox=NewestFirst)": [
        "test_events_are_pending_in_the_order_of_each_award",
        "test_events_are_dispatched_by_one_thread_in_order",
    ],
    "storage_with_ledgers(outbox=OnlyTheTold)": [
        "test_events_are_pending_in_the_order_of_each_award",
        "test_what_is_dispatched_is_pending_no_more",
    ],
    "storage_with_ledgers(outbox=PendingForEver)": [
        "test_what_is_dispatched_is_pending_no_more",
        "test_whatever_is_written_is_pending",
    ],
    "storage_with_ledgers(outbox=LeftPending)": ["test_whatever_is_written_is_pending"],
    "Retelling()": [
        "test_what_was_told_is_not_told_again[1]",
        "test_what_was_told_is_not_told_again[300]",
    ],
    "AlwaysNews()": ["test_what_was_told_is_not_told_again[3]"],
    "storage_with_ledgers(deliveries=TiedDeaths)": ["test_what_was_given_up_comes_in_pages"],
    "storage_with_ledgers(deliveries=OnlyTheAffected)": [
        "test_f50_the_erased_are_in_no_delivery[ada]",
        "test_f50_of_many_deliveries_the_erased_are_in_none",
    ],
    "storage_with_ledgers(deliveries=FoldedErasing)": [
        "test_f50_the_erased_are_in_no_delivery[ada]",
        "test_f50_of_many_deliveries_the_erased_are_in_none",
    ],
    "storage_with_ledgers(deliveries=TiedAwards)": ["test_what_was_handed_over_comes_in_pages"],
    "storage_with_ledgers(deliveries=LooseFamilies)": ["test_what_was_handed_over_comes_in_pages"],
    "storage_with_ledgers(deliveries=NotYetHandedOver)": ["test_what_was_handed_over_comes_in_pages"],
    "storage_with_ledgers(sweeps=BegunAnew)": [
        "test_a_sweep_comes_back_as_it_was[finished]",
        "test_a_sweep_is_moved_on_by_one_thread_at_a_time",
    ],
    "storage_with_ledgers(sweeps=LastSweepWins)": [
        "test_an_update_of_a_sweep_needs_the_next_version[older]",
        "test_an_update_of_a_sweep_needs_the_next_version[same]",
        "test_an_update_of_a_sweep_needs_the_next_version[skipping one]",
    ],
    "storage_with_ledgers(sweeps=LostPlaces)": ["test_a_sweep_comes_back_as_it_was[under way]"],
    "storage_with(TiedExpiries)": ["test_expiries_come_in_pages_whatever_their_instants"],
    "storage_with(HalfOpenExpiries)": ["test_expiries_are_found_between_two_instants"],
    "storage_with(StaleExpiries)": ["test_an_expiry_that_is_moved_is_found_where_it_is_then"],
    "KeptInnerWrites()": [
        "test_an_exception_undoes_the_inner_part_only[ValueError]",
        "test_what_was_undone_takes_no_keys",
        "test_a_failure_in_the_middle_of_three",
    ],
    "CommitsWhenStopped()": [
        "test_an_exception_undoes_everything[KeyboardInterrupt]",
        "test_an_exception_undoes_everything[_Halt]",
        "test_an_exception_undoes_the_inner_part_only[_Halt]",
    ],
    "DirtyReads()": [
        "test_uncommitted_writes_are_invisible_to_other_threads",
        "test_a_reading_sees_one_state",
        "test_a_transaction_inside_a_reading_is_refused",
    ],
}
"""Tests that must fail, by the storage that they fail on."""

WRONG_DIRECTORIES = {
    "directory_with(FoldedUsernames)": ["test_usernames_are_told_apart_by_code_point[Ada]"],
    "directory_with(FormerManagers)": [
        "test_overseers_are_told_apart_by_how_they_look_after_a_learner[ada-managers0-coaches0-group_admins0]",
        "test_overseers_and_overseen_are_two_sides_of_one_relation",
    ],
    "directory_with(BranchesAbove)": ["test_branches_of_learners_are_those_they_are_in_directly"],
    "directory_with(OwnMembersOnly)": ["test_members_come_once_each[groups5-branches5-expected5]"],
    "directory_with(EmptyOverseers)": ["test_who_has_no_overseers_is_absent"],
    "directory_with(SilentDirectory)": [
        "test_an_unknown_group_or_branch_is_named[groups0-branches0-day shift]",
        "test_an_unknown_group_or_branch_is_named[groups2-branches2-Rome]",
    ],
}

WRONG_CATALOGS = {
    "OwnMaterialOnly(ITEMS)": ["test_shared_material_is_reset_in_every_course"],
    "WholeCoursesReset(ITEMS)": ["test_shared_material_is_reset_in_every_course"],
    "EveryOrderCounts(ITEMS)": ["test_a_repeated_order_changes_nothing"],
    "RefusedRepeats(ITEMS)": [
        "test_a_repeated_order_changes_nothing",
        "test_one_order_at_once_is_carried_out_once",
    ],
    "ResetInPlace(ITEMS)": ["test_a_retake_archives_resets_and_enrols_again"],
    "LateOrdersUndo(ITEMS)": ["test_an_order_that_comes_late_undoes_no_completion"],
    "AnyCompletionCompletes(ITEMS)": ["test_a_completion_from_before_the_order_does_not_complete_it"],
    "UnknownAreNew(ITEMS)": ["test_what_the_host_does_not_know_is_absent", "test_progress_follows_an_enrolment"],
    "StaleProgress(ITEMS)": ["test_progress_follows_an_enrolment"],
    "ShortestPlan(ITEMS)": ["test_the_plan_that_is_valid_longest_comes_with_the_course"],
    "LatestOnly(ITEMS)": ["test_a_retake_archives_resets_and_enrols_again"],
}

WRONG_QUEUES = {
    "RepeatingJobs()": ["test_a_job_runs_once"],
    "ForgetfulJobs()": ["test_all_jobs_of_a_transaction_run", "test_what_an_inner_transaction_enqueued_goes_with_it"],
    "FussyJobs()": ["test_a_job_enqueued_again_spoils_nothing"],
}

WRONG_DOCUMENTS = {
    "TextModeDocuments()": ["test_bytes_come_back_as_they_were[5 bytes]"],
    "SharedDocuments()": [
        "test_the_same_bytes_of_two_holders_are_two_documents",
        "test_holders_are_any_ids[1]",
        "test_documents_are_listed_in_pages",
    ],
    "TrustingDocuments()": [
        "test_other_bytes_are_never_given_out[]",
        "test_other_bytes_are_never_given_out[half]",
        "test_other_bytes_are_never_given_out[half of the bytez]",
        "test_other_bytes_are_never_given_out[half of the bytes\\n]",
    ],
    "FirstPutWins()": ["test_putting_again_mends_what_was_damaged"],
    "AgelessDocuments()": ["test_young_documents_are_not_listed"],
    "DigestPages()": ["test_documents_are_listed_in_pages"],
    "FussyDocuments()": ["test_deleting_what_is_not_there_does_nothing"],
}


WRONG_EXPORTS = {
    "OneFile()": ["test_a_file_takes_the_place_of_an_earlier_one"],
    "InPlaceExports()": ["test_a_file_is_there_when_it_is_whole", "test_a_file_that_fails_leaves_nothing"],
    "LastingExports()": ["test_what_is_deleted_is_gone"],
}

WRONG_INBOXES = {
    "ToldTwice()": [
        "test_f25_a_repeat_has_the_same_id",
        "test_a_repeat_is_told_once",
        "test_of_threads_that_repeat_a_message_each_succeeds",
        "test_messages_of_one_reader_are_told_apart",
    ],
    "NewestWords()": ["test_a_repeat_is_told_once"],
    "RaisesOnRepeat()": ["test_of_threads_that_repeat_a_message_each_succeeds"],
    "AsciiWords()": [
        "test_a_body_arrives_as_it_is[right to left]",
        "test_a_body_arrives_as_it_is[beyond the basic plane]",
    ],
    "WrittenAsMail()": [
        "test_a_body_arrives_as_it_is[headers]",
    ],
    "CutSubjects()": ["test_a_subject_arrives_as_it_is[xxxxxxxxxxxx]"],
    "NoFiles()": ["test_files_arrive_as_they_are", "test_a_message_comes_back_as_it_was"],
    "FoldedPeople()": ["test_people_have_their_own"],
    "AnybodyReads()": ["test_people_have_their_own"],
    "ReadAgain()": ["test_a_message_is_read_once"],
    "TiedPages()": [
        "test_messages_come_in_pages_newest_first[1]",
        "test_messages_come_in_pages_newest_first[3]",
    ],
    "OnlyReaders()": ["test_the_forgotten_are_in_no_message"],
}


@pytest.mark.parametrize(("adapter", "tests"), WRONG_STORAGES.items(), ids=WRONG_STORAGES)
def test_a_wrong_storage_fails(pytester: pytest.Pytester, adapter: str, tests: list[str]) -> None:
    """Each of the tests named fails."""
    assert_fails(pytester, "StorageContract", "storage", adapter, tests)


@pytest.mark.parametrize(("adapter", "tests"), WRONG_DIRECTORIES.items(), ids=WRONG_DIRECTORIES)
def test_a_wrong_directory_fails(pytester: pytest.Pytester, adapter: str, tests: list[str]) -> None:
    """Each of the tests named fails."""
    assert_fails(pytester, "DirectoryContract", "directory", adapter, tests)


@pytest.mark.parametrize(("adapter", "tests"), WRONG_CATALOGS.items(), ids=WRONG_CATALOGS)
def test_a_wrong_catalog_fails(pytester: pytest.Pytester, adapter: str, tests: list[str]) -> None:
    """Each of the tests named fails."""
    assert_fails(pytester, "EnrolmentContract", "catalog", adapter, tests)


@pytest.mark.parametrize(("adapter", "tests"), WRONG_QUEUES.items(), ids=WRONG_QUEUES)
def test_a_wrong_job_queue_fails(pytester: pytest.Pytester, adapter: str, tests: list[str]) -> None:
    """Each of the tests named fails."""
    assert_fails(pytester, "JobQueueContract", "queue", adapter, tests)


@pytest.mark.parametrize(("adapter", "tests"), WRONG_DOCUMENTS.items(), ids=WRONG_DOCUMENTS)
def test_a_wrong_document_store_fails(pytester: pytest.Pytester, adapter: str, tests: list[str]) -> None:
    """Each of the tests named fails."""
    assert_fails(pytester, "DocumentStoreContract", "documents", adapter, tests)


@pytest.mark.parametrize(("adapter", "tests"), WRONG_EXPORTS.items(), ids=WRONG_EXPORTS)
def test_a_wrong_store_of_exports_fails(pytester: pytest.Pytester, adapter: str, tests: list[str]) -> None:
    """Each of the tests named fails."""
    assert_fails(pytester, "ExportStoreContract", "exports", adapter, tests)


@pytest.mark.parametrize(("adapter", "tests"), WRONG_INBOXES.items(), ids=WRONG_INBOXES)
def test_a_wrong_inbox_fails(pytester: pytest.Pytester, adapter: str, tests: list[str]) -> None:
    """Each of the tests named fails."""
    assert_fails(pytester, "InboxContract", "notifier", adapter, tests)


def assert_fails(pytester: pytest.Pytester, contract: str, fixture: str, adapter: str, tests: list[str]) -> None:
    """Bind the adapter to the contract, run the tests, and see every one of them fail, not break."""
    bound = pytester.makepyfile(BINDING.format(contract=contract, fixture=fixture, adapter=adapter))
    result = pytester.inline_run(*(f"{bound.name}::TestWrong::{test}" for test in tests))
    reports = result.getreports("pytest_runtest_logreport")
    ended = {report.nodeid.rpartition("::")[2]: report.outcome for report in reports if report.when == "call"}
    assert ended == dict.fromkeys(tests, "failed")


@pytest.mark.parametrize("contract", CONTRACTS)
def test_no_test_of_a_contract_hides_another(contract: type) -> None:
    """A contract put together from parts keeps the tests and fixtures of all of them."""
    own = chain.from_iterable(vars(part) for part in contract.__mro__ if part is not object)
    repeated = {name for name, times in Counter(own).items() if times > 1 and not name.startswith("__")}
    assert repeated == set()


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_test_of_a_contract_says_what_it_wants(contract: type) -> None:
    """A failing test must tell an adapter's author which promise was broken."""
    assert [
        name for name, test in getmembers(contract, isfunction) if name.startswith("test") and not test.__doc__
    ] == []


@pytest.mark.parametrize(
    ("contract", "fixture"),
    [
        ("StorageContract", "storage"),
        ("DirectoryContract", "directory"),
        ("CatalogContract", "catalog"),
        ("EnrolmentContract", "catalog"),
        ("DocumentStoreContract", "documents"),
        ("ExportStoreContract", "exports"),
        ("NotifierContract", "notifier"),
        ("InboxContract", "notifier"),
    ],
)
def test_a_contract_without_an_adapter_says_what_to_override(
    pytester: pytest.Pytester, contract: str, fixture: str
) -> None:
    """Subclassing and nothing more gives an error that names the fixture."""
    pytester.makepyfile(f"from certcore.testing import {contract}\nclass TestBare({contract}): pass")
    result = pytester.runpytest_inprocess("-x")
    result.stdout.fnmatch_lines([f"*NotImplementedError: override the fixture `{fixture}`*"])
