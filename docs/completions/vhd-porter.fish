# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_vhd_porter_global_optspecs
	string join \n v/verbose q/quiet config= threads= h/help V/version
end

function __fish_vhd_porter_needs_command
	# Figure out if the current invocation already has a command.
	set -l cmd (commandline -opc)
	set -e cmd[1]
	argparse -s (__fish_vhd_porter_global_optspecs) -- $cmd 2>/dev/null
	or return
	if set -q argv[1]
		# Also print the command, so this can be used to figure out what it is.
		echo $argv[1]
		return 1
	end
	return 0
end

function __fish_vhd_porter_using_subcommand
	set -l cmd (__fish_vhd_porter_needs_command)
	test -z "$cmd"
	and return 1
	contains -- $cmd[1] $argv
end

complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -s V -l version -d 'Print version'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "import" -d 'Bring an image or a lone VHD into an SR'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "export" -d 'Write a chain of VDIs as one tar.gz'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "copy" -d 'Copy a chain of VDIs within its SR, sharing storage where possible'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "check" -d 'Find everything that is wrong with VHD files or an SR'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "list" -d 'Show an SR\'s chains, their sizes and health'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "report" -d 'Write a page on an SR: its chains, what takes the space, what is garbage or unhealthy'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "inspect" -d 'Show a VHD\'s fields or an image\'s members'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "flatten" -d 'Make one standalone dynamic VHD of a chain'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "convert" -d 'Turn a disk into another form: raw, dynamic or fixed'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "compare" -d 'Compare two disks by what a guest would read'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "map" -d 'Show which link of a chain supplies which part of its disk'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "create" -d 'Make an empty VHD'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "snapshot" -d 'Make an empty child that takes a disk\'s writes from now on'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "coalesce" -d 'Fold a leaf into its parent, which then holds the same disk'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "repair" -d 'Rewrite a damaged footer from the good one'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "recover" -d 'End what runs that died have left in an SR'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "status" -d 'Show what the transfers of this host are doing'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "cancel" -d 'Stop a transfer in good order'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "call" -d 'Call a plugin function the way xapi does'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "config" -d 'Show or check the settings, or print a configuration file to begin with'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "doctor" -d 'Look at this host and maybe an SR: what is there, what is not, and what to do'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "install" -d 'Put this program and the plugins in place'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "uninstall" -d 'Take them away, and give back the plugins that were there before'
complete -c vhd-porter -n "__fish_vhd_porter_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l sr -d 'Directory of the SR' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l sr-uuid -d 'Uuid of the SR, mounted on this host' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l uuid -d 'Uuid for a link, leaf first, once for each link [default: random]' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l digest -d 'Digest of the image to report; may be given more than once' -r -f -a "md5\t''
sha256\t''
sha512\t''"
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l tool -d 'Who relinks, queries and checks; the gate in front of the SR is always our own' -r -f -a "auto\t''
embedded\t''
vhd-util\t''
both\t''"
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l vhd-util -d 'The host\'s vhd-util: program and first arguments, quoted as in a shell' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l glance-endpoint -d 'URL of the Image API [env: OS_IMAGE_URL]' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l glance-token-file -d 'File with the token to send, where everybody on the host would see it in an option [env: OS_TOKEN]' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l glance-api-version -d '1 or 2 [env: OS_IMAGE_API_VERSION]' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l create-sr -d 'Create the SR\'s directory if there is none'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l scan -d 'Have xapi scan the SR afterwards, so that it knows the new VDIs'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l flatten -d 'Make one image of the chain: it takes one uuid, and lands in one step'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l dry-run -d 'Do everything but land'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -l repair -d 'Rewrite a damaged footer from the good one; nothing else is ever repaired'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand import" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l sr -d 'Directory of the SR' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l sr-uuid -d 'Uuid of the SR, mounted on this host' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l vdi -d 'VDI to export, leaf first, once for each link: its uuid, or enough of its beginning' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -s o -l output -d 'Where to: a file that does not exist yet, - for standard output, or glance:ID for an image that waits for data' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l compress -d 'Container; gzip is read by everything, zstd is faster and smaller' -r -f -a "gzip\t''
zstd\t''"
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l level -d 'Compression level: for gzip 1 (fast) to 9 (small) or store [default: 6]; for zstd 1 to 19 [default: 3]' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l digest -d 'Digest of the image to report; may be given more than once' -r -f -a "md5\t''
sha256\t''
sha512\t''"
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l glance-endpoint -d 'URL of the Image API [env: OS_IMAGE_URL]' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l glance-token-file -d 'File with the token to send, where everybody on the host would see it in an option [env: OS_TOKEN]' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l glance-api-version -d '1 or 2 [env: OS_IMAGE_API_VERSION]' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l chain -d 'Add all parents of the one VDI that is given'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l flatten -d 'Write one image that holds the chain\'s disk, instead of its links'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -l json -d 'Print one JSON document (on standard error when the image goes to standard output)'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand export" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -l sr -d 'Directory of the SR' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -l sr-uuid -d 'Uuid of the SR, mounted on this host' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -l vdi -d 'VDI to copy, leaf first, once for each link: its uuid, or enough of its beginning' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -l uuid -d 'Uuid for a copy, leaf first, once for each link [default: random]' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -l tool -d 'Who relinks, queries and checks; the gate in front of the SR is always our own' -r -f -a "auto\t''
embedded\t''
vhd-util\t''
both\t''"
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -l vhd-util -d 'The host\'s vhd-util: program and first arguments, quoted as in a shell' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand copy" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand check" -l sr -d 'Directory of an SR: all its VHDs, and how they fit together' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand check" -l sr-uuid -d 'Uuid of an SR, mounted on this host' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand check" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand check" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand check" -l deep -d 'Read all data as well, to hold it against the bitmaps'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand check" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand check" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand check" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand check" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand list" -l sr -d 'Directory of the SR' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand list" -l sr-uuid -d 'Uuid of the SR, mounted on this host' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand list" -l vdi -d 'Only the chains of this VDI: its uuid, or enough of its beginning; may be given several times' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand list" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand list" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand list" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand list" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand list" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand list" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand report" -l sr -d 'Directory of the SR' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand report" -l sr-uuid -d 'Uuid of the SR, mounted on this host' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand report" -s o -l output -d 'The page to write: a file that does not exist yet, or - for standard output' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand report" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand report" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand report" -l json -d 'Print what stands in the page as one JSON document instead'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand report" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand report" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand report" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -l sr -d 'Directory of an SR: the same as `list --sr`' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -l sr-uuid -d 'Uuid of an SR, mounted on this host: the same as `list --sr-uuid`' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -l glance-endpoint -d 'URL of the Image API [env: OS_IMAGE_URL]' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -l glance-token-file -d 'File with the token to send, where everybody on the host would see it in an option [env: OS_TOKEN]' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -l glance-api-version -d '1 or 2 [env: OS_IMAGE_API_VERSION]' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand inspect" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand flatten" -s o -l output -d 'The file to make; it must not exist' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand flatten" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand flatten" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand flatten" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand flatten" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand flatten" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand flatten" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand convert" -l to -d 'The form of the new file' -r -f -a "raw\t''
dynamic\t''
fixed\t''"
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand convert" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand convert" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand convert" -l raw -d 'Take the input for a raw disk, whatever its bytes say: a guest may have written them'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand convert" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand convert" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand convert" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand convert" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand compare" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand compare" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand compare" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand compare" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand compare" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand compare" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand map" -l svg -d 'Draw the map to an SVG file that does not exist yet' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand map" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand map" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand map" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand map" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand map" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand map" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand create" -l size -d 'Size of the disk: bytes, or with K, M, G or T of 1024; rounded up to 2 MiB' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand create" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand create" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand create" -l fixed -d 'Make a fixed image instead of a dynamic one'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand create" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand create" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand create" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand create" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand snapshot" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand snapshot" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand snapshot" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand snapshot" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand snapshot" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand snapshot" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand coalesce" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand coalesce" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand coalesce" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand coalesce" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand coalesce" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand coalesce" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand repair" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand repair" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand repair" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand repair" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand repair" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand repair" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand recover" -l sr -d 'Directory of the SR' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand recover" -l sr-uuid -d 'Uuid of the SR, mounted on this host' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand recover" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand recover" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand recover" -l dry-run -d 'Only say what would be done'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand recover" -l legacy -d 'Remove directories that look like those of the Python plugins, too: make sure that none is running'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand recover" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand recover" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand recover" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand recover" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand status" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand status" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand status" -s w -l watch -d 'Go on showing it; with an id, until that has ended'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand status" -s a -l all -d 'Show all that is remembered, and not only the latest'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand status" -l json -d 'Print one JSON document, with --watch one in each line; of all that is remembered'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand status" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand status" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand status" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand cancel" -l wait -d 'How many seconds to wait for its end' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand cancel" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand cancel" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand cancel" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand cancel" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand cancel" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand cancel" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand call" -l json -d 'All arguments as one JSON object; the answer is then JSON as well' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand call" -l plugin-dir -d 'Directory of the plugins to call [default: where this program is]' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand call" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand call" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand call" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand call" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand call" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and not __fish_seen_subcommand_from show example check help" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and not __fish_seen_subcommand_from show example check help" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and not __fish_seen_subcommand_from show example check help" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and not __fish_seen_subcommand_from show example check help" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and not __fish_seen_subcommand_from show example check help" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and not __fish_seen_subcommand_from show example check help" -f -a "show" -d 'Show every setting and its value in force, as lines of a configuration file; secrets are masked'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and not __fish_seen_subcommand_from show example check help" -f -a "example" -d 'Print a complete, commented configuration file'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and not __fish_seen_subcommand_from show example check help" -f -a "check" -d 'Find everything that is wrong with a configuration file'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and not __fish_seen_subcommand_from show example check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from show" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from show" -l origin -d 'Say where each value comes from'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document, which says it in any case'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from example" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from example" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from example" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from example" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from example" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from check" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show every setting and its value in force, as lines of a configuration file; secrets are masked'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "example" -d 'Print a complete, commented configuration file'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "check" -d 'Find everything that is wrong with a configuration file'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand doctor" -l sr -d 'Directory of an SR to look at; probing it writes into a private directory in it, which is removed' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand doctor" -l sr-uuid -d 'Uuid of the SR, mounted on this host' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand doctor" -l plugin-dir -d 'Directory of xapi\'s plugins [default: /etc/xapi.d/plugins]' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand doctor" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand doctor" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand doctor" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand doctor" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand doctor" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -l plugin-dir -d 'Directory of xapi\'s plugins' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -l prefix -d 'Where programs, man pages and completions go [default: /usr where a package has put this program there, else /usr/local]' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -l root -d 'Install into the tree at DIR, which will be the root of a system' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -l with-vhd-util -d 'Install vhd-util as well; the host\'s own stays where it is'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -l dry-run -d 'Only say what would be done'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand install" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand uninstall" -l root -d 'Uninstall from the tree at DIR' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand uninstall" -l config -d 'Configuration file, instead of /etc/vhd-porter/config.toml' -r -F
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand uninstall" -l threads -d 'Threads that may work on one thing; 0 for as many as the CPU quota allows' -r
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand uninstall" -l dry-run -d 'Only say what would be done'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand uninstall" -l json -d 'Print one JSON document'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand uninstall" -s v -l verbose -d 'Say more: -v stages, -vv details'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand uninstall" -s q -l quiet -d 'Show no progress and no warnings'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand uninstall" -s h -l help -d 'Print help'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "import" -d 'Bring an image or a lone VHD into an SR'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "export" -d 'Write a chain of VDIs as one tar.gz'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "copy" -d 'Copy a chain of VDIs within its SR, sharing storage where possible'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "check" -d 'Find everything that is wrong with VHD files or an SR'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "list" -d 'Show an SR\'s chains, their sizes and health'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "report" -d 'Write a page on an SR: its chains, what takes the space, what is garbage or unhealthy'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "inspect" -d 'Show a VHD\'s fields or an image\'s members'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "flatten" -d 'Make one standalone dynamic VHD of a chain'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "convert" -d 'Turn a disk into another form: raw, dynamic or fixed'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "compare" -d 'Compare two disks by what a guest would read'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "map" -d 'Show which link of a chain supplies which part of its disk'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "create" -d 'Make an empty VHD'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "snapshot" -d 'Make an empty child that takes a disk\'s writes from now on'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "coalesce" -d 'Fold a leaf into its parent, which then holds the same disk'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "repair" -d 'Rewrite a damaged footer from the good one'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "recover" -d 'End what runs that died have left in an SR'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "status" -d 'Show what the transfers of this host are doing'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "cancel" -d 'Stop a transfer in good order'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "call" -d 'Call a plugin function the way xapi does'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "config" -d 'Show or check the settings, or print a configuration file to begin with'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "doctor" -d 'Look at this host and maybe an SR: what is there, what is not, and what to do'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "install" -d 'Put this program and the plugins in place'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "uninstall" -d 'Take them away, and give back the plugins that were there before'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and not __fish_seen_subcommand_from import export copy check list report inspect flatten convert compare map create snapshot coalesce repair recover status cancel call config doctor install uninstall help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Show every setting and its value in force, as lines of a configuration file; secrets are masked'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "example" -d 'Print a complete, commented configuration file'
complete -c vhd-porter -n "__fish_vhd_porter_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "check" -d 'Find everything that is wrong with a configuration file'
