"""Who writes the tables that no row-level security guards: one list for the whole portal.

Roles do not decide it: an injected statement may take any role of its login. On a table of `STEPS_ALONE` a trigger asks
for the word that the portal signs while the steps work (`working_as_steps`, workers, commands), so nobody else changes
who works where, the directory, what cases are judged by, what somebody decided beside them, what lets somebody in, and
keys of people. Every other table is written by pages as whoever calls, or by workers. The triggers are made by
migrations; tests/walls/test_writing.py compares all three, and the portal does not serve where one is missing
(database/rights.py).
"""

ANY = "INSERT OR DELETE OR UPDATE"
#: Table → which statements on it are refused to all but the steps.
STEPS_ALONE = {
    **dict.fromkeys(
        (
            # Who works where, and who administers.
            *("enterprises_staff", "enterprises_stationstaff", "authorities_officer", "accounts_administrator"),
            # The directory.
            *("authorities_region", "authorities_authority", "enterprises_enterprise", "enterprises_branch"),
            *("enterprises_branchauthority", "enterprises_servicearea", "enterprises_brand"),
            *("enterprises_brandholding", "enterprises_alias", "enterprises_succession", "enterprises_searchname"),
            # What cases are judged and routed by.
            *("authorities_policy", "authorities_calendarversion", "authorities_calendarday", "routing_routingrule"),
            # What somebody asked for and decided (database/decided_rows.py), and what workers carry out of it.
            *("complaints_export", "complaints_lawchange", "complaints_lease", "complaints_measure"),
            "complaints_platformfile",
            *("complaints_roundtrip", "enterprises_appraisal", "enterprises_directorychange"),
            *("enterprises_enrolmentapplication", "enterprises_publicreply"),
            *("enterprises_twopersons", "oversight_consumerwarning", "oversight_monthlyreport", "routing_lesson"),
            "routing_rulechange",
            # A campaign, beside whom it is counted, and what was found.
            *("oversight_campaign", "oversight_campaigncontrol", "oversight_campaigneffect"),
            # A remedy, what was reported, what was drawn of its list, and what was answered to who asked.
            *("oversight_remedy", "oversight_remedyreport", "oversight_remedysample", "oversight_remedycheck"),
            # What an officer noted about days.
            "oversight_daynote",
        ),
        ANY,
    ),
    # Of a person pages write the name, the language and when somebody signed in last.
    "accounts_user": "INSERT OR DELETE OR UPDATE OF password, email, email_index, phone, phone_index, second_phone,"
    " second_phone_index, own_phone, own_phone_index, is_active, is_demo, person_key, contact_changed_at, tag",
    # What lets somebody in: factors, codes, sessions, links, tokens, invitations, and who has proved which phone.
    **dict.fromkeys(
        (
            *("accounts_secondfactor", "accounts_recoverycode", "accounts_signincode", "accounts_browsersession"),
            *("accounts_openedlink", "accounts_accountchange", "accounts_housephone"),
            *("enterprises_apitoken", "enterprises_invitation"),
        ),
        ANY,
    ),
    # Nobody changes what an authority decided about an enrolment, what an enterprise said to its index or set itself,
    # or what came of restoring a backup.
    **dict.fromkeys(
        (*("enterprises_enrolmententry", "oversight_owngoal", "oversight_perfunctoryreply"), "oversight_restoredrill"),
        "INSERT",
    ),
    # A page makes keys; a key that is emptied takes with it all that it closes.
    "accounts_personkey": "DELETE OR UPDATE",
}
#: Lists of codes, which `migrate` fills: no other role may write them.
OWNER_ALONE = frozenset(
    (
        "accounts_rolecode",
        "complaints_category",
        "complaints_problemkind",
        "complaints_demandkind",
        "complaints_causekind",
    )
)
#: Written by pages as whoever calls, or by workers: nothing there opens a case or lets somebody in.
BY_PAGES = frozenset(
    (
        *("accounts_countedtry", "accounts_idempotencykey"),
        *("accounts_decisionpart", "accounts_outgoingmessage"),
        *("accounts_securityevent", "authorities_freshness", "authorities_officerabsence"),
        *("complaints_callbackmonth", "complaints_checkpoint", "complaints_documentseries"),
        *("complaints_heardanswer", "complaints_heartbeat", "complaints_houseentry"),
        *("complaints_noticechoice", "complaints_outsideholder"),
        *("complaints_platformline", "complaints_publiccount", "complaints_recordedname", "complaints_roundtriprow"),
        *("complaints_savedview", "complaints_seal", "complaints_stationentry", "complaints_tile"),
        *("enterprises_absence", "enterprises_answertemplate"),
        *("enterprises_assignmentrule", "enterprises_customercount"),
        *("enterprises_enrolmentfile", "enterprises_enrolmentfiling"),
        *("enterprises_leagueline", "enterprises_leagueset", "enterprises_mediationbody"),
        *("enterprises_publishedfigure", "enterprises_station"),
        *("enterprises_templateversion", "enterprises_webhookendpoint"),
        *("oversight_alarmsent", "oversight_campaignfirm", "oversight_countedahead"),
        *("oversight_datafile", "oversight_dataset"),
        *("oversight_dayfacet", "oversight_dayregion", "oversight_dayspread", "oversight_deed"),
        *(
            "oversight_directorletter",
            "oversight_guidance",
            "oversight_guidancemeasure",
            "oversight_hotspot",
            "oversight_measurefile",
        ),
        *("oversight_hotspotcells", "oversight_monthenterprise", "oversight_monthfacet"),
        *("oversight_monthspread", "oversight_openindicators"),
        *("oversight_oversightview", "oversight_rollupstate", "oversight_systemcheck"),
        *("routing_ruletrial", "routing_ruleuse"),
    )
)
