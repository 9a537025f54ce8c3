/* SPDX-License-Identifier: MIT */
/* Whether executing a file gives it privileges that the caller lacks. */
#include "symbol/privilege.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static void describe_user(char *text, size_t size, uid_t user)
{
	const struct passwd *entry = getpwuid(user);

	if (entry)
		snprintf(text, size, "setuid %s", entry->pw_name);
	else
		snprintf(text, size, "setuid user %lu", (unsigned long)user);
}

static void describe_group(char *text, size_t size, gid_t group)
{
	const struct group *entry = getgrgid(group);

	if (entry)
		snprintf(text, size, "setgid %s", entry->gr_name);
	else
		snprintf(text, size, "setgid group %lu", (unsigned long)group);
}

static bool has_capabilities(const char *path)
{
	struct vfs_ns_cap_data data = { 0 };
	ssize_t size = getxattr(path, "security.capability", &data, sizeof(data));

	return size >= (ssize_t)XATTR_CAPS_SZ_1 &&
	       (data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE || data.data[0].permitted || data.data[1].permitted);
}

enum allot_privilege allotp_privilege(const char *path, char *text, size_t size)
{
	struct statvfs mount;
	struct stat status;
	bool set_user, set_group, capable, ignored;

	if (stat(path, &status) < 0 || statvfs(path, &mount) < 0)
		return ALLOT_PRIVILEGE_NONE;
	set_user = status.st_mode & S_ISUID;
	/* Without the x bit, S_ISGID has meant mandatory locking. */
	set_group = (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
	capable = has_capabilities(path);
	if (set_user)
		describe_user(text, size, status.st_uid);
	else if (set_group)
		describe_group(text, size, status.st_gid);
	else if (capable)
		snprintf(text, size, "given file capabilities");
	else
		return ALLOT_PRIVILEGE_NONE;

	ignored = mount.f_flag & ST_NOSUID;
	if (!ignored && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) <= 0) {
		if (set_user && status.st_uid != getuid())
			return ALLOT_PRIVILEGE_GIVEN;
		if (set_group && status.st_gid != getgid())
			return ALLOT_PRIVILEGE_GIVEN;
	}
	if (!ignored && capable && getuid() != 0) {
		snprintf(text, size, "given file capabilities");
		return ALLOT_PRIVILEGE_GIVEN;
	}
	return ALLOT_PRIVILEGE_USELESS;
}
