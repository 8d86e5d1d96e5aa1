/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine as a folder with sys and proc: what sysfs of Linux 6.18 has of virtio devices in a virtual machine, and the forms
 * of USB, HID, SCSI, ACPI and DMI devices as the kernel's sources print them.
 */
#pragma once

#include "../kernel/make.h"
#include "../unit/unit.h"

#define SERIAL "S3CR3TSERIAL"
#define MAC    "02:fc:de:ad:be:01"

/* ROOT/PATH -> target */
static inline void make_link(const char *root, const char *path, const char *target)
{
	auto_free char *file = path_join(root, path), *dir = path_dir(file);

	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	assert_int_equal(symlink(target, file), 0);
}

static inline void put_value(const char *root, const char *path, const char *name,
			     const char *value)
{
	auto_free char *file = xasprintf("sys/%s/%s", path, name), *line = xasprintf("%s\n", value);

	make_text(root, file, line);
}

/* A device at a path below sys/, on a bus, with a modalias (may be NULL) and a driver (may be NULL). */
static inline void put_device(const char *root, const char *bus, const char *path,
			      const char *modalias, const char *driver)
{
	auto_free char *link = xasprintf("sys/bus/%s/devices/%s", bus, path_base(path));
	auto_free char *to = xasprintf("../../../%s", path);
	auto_free char *drv = xasprintf("sys/%s/driver", path);
	auto_str struct str up = { 0 };

	make_link(root, link, to);
	if (modalias)
		put_value(root, path, "modalias", modalias);
	if (!driver)
		return;
	for (const char *p = path; p; p = strchr(p + 1, '/'))
		str_adds(&up, "../");
	str_addf(&up, "bus/%s/drivers/%s", bus, driver);
	make_link(root, drv, str_c(&up));
}

static inline void put_usb(const char *root)
{
	static const char *const usb = "devices/pci0000:00/0000:00:14.0/usb1/1-2";

	put_device(root, "pci", "devices/pci0000:00/0000:00:14.0",
		   "pci:v00008086d0000A12Fsv00001028sd000006A7bc0Csc03i30", "xhci_hcd");
	make_link(root, "sys/bus/pci/drivers/xhci_hcd/module", "../../../../module/xhci_pci");
	put_device(root, "usb", usb, NULL, "usb");
	put_value(root, usb, "idVendor", "046d");
	put_value(root, usb, "manufacturer", "Logitech");
	put_value(root, usb, "product", "USB Receiver");
	put_value(root, usb, "serial", SERIAL);
	put_device(root, "usb", "devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0",
		   "usb:v046DpC52Bd1211dc00dsc00dp00ic03isc01ip01in00", "usbhid");
	put_device(root, "hid",
		   "devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/0003:046D:C52B.0001",
		   "hid:b0003g0001v0000046Dp0000C52B", NULL);
}

static inline void put_disk(const char *root)
{
	static const char *const vda = "devices/pci0000:00/0000:00:02.0/virtio1/block/vda";
	static const char *const sda =
		"devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0";

	put_device(root, "pci", "devices/pci0000:00/0000:00:02.0",
		   "pci:v00001AF4d00001042sv00001AF4sd00001042bc01sc80i00", "virtio-pci");
	put_device(root, "virtio", "devices/pci0000:00/0000:00:02.0/virtio1",
		   "virtio:d00000002v00001AF4", "virtio_blk");
	make_link(root, "sys/class/block/vda",
		  "../../devices/pci0000:00/0000:00:02.0/virtio1/block/vda");
	make_link(root, "sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda/device",
		  "../../../virtio1");
	put_value(root, vda, "size", "2097152");
	put_value(root, "devices/pci0000:00/0000:00:02.0/virtio1", "vendor", "0x1af4");
	put_device(root, "scsi", sda, "scsi:t-0x00", "sd");
	put_value(root, sda, "vendor", "ATA     ");
	put_value(root, sda, "model", "Samsung SSD 860 ");
	put_value(root, sda, "wwid", SERIAL);
	make_link(
		root, "sys/class/block/sda1",
		"../../devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1");
	put_value(root,
		  "devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1",
		  "partition", "1");
	put_value(root,
		  "devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1",
		  "size", "1024000");
	make_link(root, "sys/class/block/sda",
		  "../../devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda");
	make_link(
		root,
		"sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda/device",
		"../../../0:0:0:0");
	make_link(root, "sys/class/block/loop0", "../../devices/virtual/block/loop0");
	put_value(root, "devices/virtual/block/loop0", "size", "0");
}

static inline void put_net(const char *root)
{
	static const char *const path =
		"devices/pci0000:00/0000:00:03.0/virtio2/net/enx02fcdeadbe01";

	put_device(root, "virtio", "devices/pci0000:00/0000:00:03.0/virtio2",
		   "virtio:d00000001v00001AF4", "virtio_net");
	make_link(root, "sys/class/net/enx02fcdeadbe01",
		  "../../devices/pci0000:00/0000:00:03.0/virtio2/net/enx02fcdeadbe01");
	put_value(root, path, "address", MAC);
	put_value(root, path, "type", "1");
	make_link(root, "sys/class/net/lo", "../../devices/virtual/net/lo");
	put_value(root, "devices/virtual/net/lo", "type", "772");
}

static inline void put_board(const char *root)
{
	make_link(root, "sys/class/dmi/id", "../../devices/virtual/dmi/id");
	put_value(root, "devices/virtual/dmi/id", "modalias",
		  "dmi:bvnDellInc.:bvr2.4:pnPowerEdge:");
	put_value(root, "devices/virtual/dmi/id", "sys_vendor", "Dell Inc.");
	put_value(root, "devices/virtual/dmi/id", "product_name", "PowerEdge");
	put_value(root, "devices/virtual/dmi/id", "product_serial", SERIAL);
	put_value(root, "devices/virtual/dmi/id", "product_uuid", SERIAL);
	put_value(root, "devices/virtual/dmi/id", "chassis_asset_tag", SERIAL);
	put_value(root, "devices/system/cpu", "modalias",
		  "cpu:type:x86,ven0002fam0019mod0011:feature:,0000,");
	put_device(root, "acpi", "devices/LNXSYSTM:00/PNP0A08:00",
		   "acpi:PNP0A08:PNP0A03:\nof:NxT(null)Cy", NULL);
	put_device(root, "acpi", "devices/LNXSYSTM:00/PNP0501:00", "acpi:PNP0501:", NULL);
	put_value(root, "devices/LNXSYSTM:00/PNP0501:00", "status", "0");
	put_device(root, "pnp", "devices/pnp0/00:01", NULL, NULL);
	put_value(root, "devices/pnp0/00:01", "id", "PNP0303\nPNP030b");
	put_device(root, "platform", "devices/platform/nameless", NULL, NULL);
	put_device(root, "cpu", "devices/system/cpu/cpu0", NULL, "processor");
}

static inline void make_machine(const char *root)
{
	put_usb(root);
	put_disk(root);
	put_net(root);
	put_board(root);
	make_text(root, "proc/cpuinfo",
		  "processor\t: 0\nmodel name\t: AMD EPYC 7B13\n\nSerial\t\t: " SERIAL "\n");
	make_text(root, "proc/modules", "virtio_net 65536 0 - Live 0x0\nmii 1 0 - Live 0x0\n");
	make_text(root, "proc/cmdline",
		  "root=/dev/vda1 BOOTIF=01-02-fc-de-ad-be-01 rd.iscsi.password=" SERIAL
		  " quiet\n");
	make_text(root, "proc/77/mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda rw\n");
	make_link(root, "proc/self", "77");
}
