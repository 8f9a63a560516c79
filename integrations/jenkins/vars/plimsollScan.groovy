// SPDX-License-Identifier: Apache-2.0
// A step of a shared pipeline library (this folder is `vars/`):
//
//     plimsollScan(source: 'docker:app:candidate', policy: 'default', failOn: 'high:fixable,kev')
//
// The agent has plimsoll on its PATH. Findings go to the Warnings plugin (SARIF) and the JUnit plugin. A failed verdict is
// FAILURE, or UNSTABLE with onFail: 'unstable'; a gate that did not run is always an error of the build, so
// the two are never mistaken for each other. Returns the exit code.
def call(Map args) {
    if (!args.source) {
        error('plimsollScan: source is missing')
    }
    int status = 0
    withEnv(["GATE_SOURCE=${args.source}", "GATE_POLICY=${args.policy ?: 'default'}",
             "GATE_FAIL_ON=${args.failOn ?: 'high:fixable,kev'}", "GATE_CACHE=${args.cache ?: env.WORKSPACE + '/.plimsoll-cache'}"]) {
        status = sh(returnStatus: true, label: 'plimsoll scan', script: '''
            mkdir -p plimsoll-reports
            exec plimsoll scan "$GATE_SOURCE" --policy "$GATE_POLICY" --fail-on "$GATE_FAIL_ON" \\
                --cache-dir "$GATE_CACHE" -o table -o json=plimsoll-reports/plimsoll.json \\
                -o sarif=plimsoll-reports/plimsoll.sarif -o junit=plimsoll-reports/plimsoll-junit.xml
        ''')
    }
    archiveArtifacts(artifacts: 'plimsoll-reports/*', allowEmptyArchive: true)
    if (fileExists('plimsoll-reports/plimsoll.sarif')) {
        recordIssues(tools: [sarif(id: 'plimsoll', name: 'plimsoll', pattern: 'plimsoll-reports/plimsoll.sarif')])
    }
    if (fileExists('plimsoll-reports/plimsoll-junit.xml')) {
        junit(testResults: 'plimsoll-reports/plimsoll-junit.xml', allowEmptyResults: true)
    }
    if (status == 1) {
        if (args.onFail == 'unstable') {
            unstable('plimsoll: the verdict is fail')
        } else {
            error('plimsoll: the verdict is fail')
        }
    } else if (status != 0) {
        def why = [2: 'usage or configuration', 3: 'the result is incomplete', 4: 'vulnerability data are missing or too old',
                   5: 'there was nothing to evaluate']
        error("plimsoll did not run: ${why[status] ?: 'it ended with ' + status} (exit ${status})")
    }
    return status
}
